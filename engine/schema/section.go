package schema

// Part says what a key of the sections server and alerts holds, exactly enough to check it where it stands.
type Part struct {
	Kind PartKind
	// Words are the only values that a Choice, and the values of Choices, can have.
	Words []string
	// Min and Max bound a Whole.
	Min, Max int
	// Pattern is a regular expression that a Text, and each of Texts, fits; Help says in words what it is.
	Pattern, Help string
	// Hidden is true where the text may be a secret that somebody has put into the wrong place: it is not shown.
	Hidden bool
	// Keys and Needed are those of a Section, and of each of Sections.
	Keys   Parts
	Needed []string
}

// Parts are the keys of a section, in the order in which people write them.
type Parts []PartKey

// PartKey is a key of a section.
type PartKey struct {
	Key
	Part Part
}

// Names returns the names of the keys.
func (ps Parts) Names() []string { return ps.keys().Names() }

func (ps Parts) keys() Keys {
	keys := make(Keys, len(ps))
	for i, p := range ps {
		keys[i] = p.Key
	}
	return keys
}

// PartKind is a kind of part.
type PartKind uint8

// The kinds of parts.
const (
	Text     PartKind = iota // a text
	Texts                    // a list of texts
	Truth                    // true or false
	Whole                    // a whole number
	Pause                    // a time such as 30s
	Choice                   // one of a few words
	Choices                  // a map of any key to one of a few words
	Secret                   // ${NAME}
	Section                  // a map of known keys
	Sections                 // a list of these
)

// part makes a key of a part.
func part(name, doc string, p Part) PartKey { return PartKey{Key{name, doc, p.form()}, p} }

// form is the part as a JSON Schema. A key with nothing behind it is as good as none.
func (p Part) form() form {
	only := text
	if p.Pattern != "" {
		only = text.with(form{"pattern": p.Pattern})
	}
	switch p.Kind {
	case Texts:
		return form{"type": []string{"array", "null"}, "items": only}
	case Truth:
		return form{"type": []string{"boolean", "null"}}
	case Whole:
		return form{"type": []string{"integer", "null"}, "minimum": p.Min, "maximum": p.Max}
	case Pause:
		return form{"type": []string{"string", "null"}, "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$`}
	case Choice:
		return oneOf(p.Words...)
	case Choices:
		return form{"type": []string{"object", "null"}, "additionalProperties": oneOf(p.Words...)}
	case Secret:
		return form{"type": []string{"string", "null"}, "pattern": `^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`}
	case Section:
		more := form{"type": []string{"object", "null"}}
		if len(p.Needed) > 0 {
			more["required"] = p.Needed
		}
		return object(p.Keys.keys(), more)
	case Sections:
		return form{"type": []string{"array", "null"}, "items": object(p.Keys.keys(), form{"required": p.Needed})}
	}
	return only.with(form{"type": []string{"string", "null"}})
}

// Roles are what people and programs may be at a server.
var Roles = []string{"viewer", "editor", "operator", "admin"}

var address = Part{Pattern: `^https?://[^/]`, Help: "an address begins with https://"}

// ServerKeys are the keys of the section server.
var ServerKeys = Parts{
	part("listen", "The address and port to listen at; unsaid, 127.0.0.1:8080. Any address but this machine's own takes users, tokens or a provider.", Part{Pattern: `^.*:[0-9]+$`, Help: "write an address and a port, such as 0.0.0.0:8080"}),
	part("hosts", "The names under which browsers may ask; addresses and localhost always may.", Part{Kind: Texts}),
	part("tls", "true where a proxy in front speaks TLS: cookies go over nothing else.", Part{Kind: Truth}),
	part("auth", "Who may come in.", Part{Kind: Section, Keys: AuthKeys}),
	part("outbound", "Where connections may lead; unsaid, https at public addresses.", Part{Kind: Section, Keys: OutboundKeys}),
	part("workers", "How many documents of a flow are in hand at a time; unsaid, 4.", Part{Kind: Whole, Min: 1, Max: 64}),
	part("drain", "How long documents in hand may take when the server is told to stop; unsaid, 30s.", Part{Kind: Pause}),
	part("nats", "A NATS cluster with JetStream that keeps everything; left out, the data folder does.", Part{Kind: Section, Keys: ClusterKeys, Needed: []string{"url"}}),
}

// AuthKeys are the keys of who may come in.
var AuthKeys = Parts{
	part("users", "People who sign in with a password.", Part{Kind: Sections, Needed: []string{"name", "role", "password"}, Keys: Parts{
		part("name", "What the person is called.", Part{}),
		part("role", "What the person may do.", Part{Kind: Choice, Words: Roles}),
		part("password", "The password's hash, as `crosswalk auth password` prints it.", Part{Pattern: `^\$argon2id\$`, Help: "write the hash that `crosswalk auth password` prints", Hidden: true}),
	}}),
	part("tokens", "Programs that send Authorization: Bearer.", Part{Kind: Sections, Needed: []string{"name", "role", "hash"}, Keys: Parts{
		part("name", "What the program is called.", Part{}),
		part("role", "What it may do.", Part{Kind: Choice, Words: Roles}),
		part("hash", "The token's hash, as `crosswalk auth token` prints it.", Part{Pattern: `^sha256:[0-9a-fA-F]{64}$`, Help: "write the hash that `crosswalk auth token` prints beside the token", Hidden: true}),
	}}),
	part("oidc", "A provider of OpenID Connect with whom people sign in.", Part{Kind: Section, Needed: []string{"issuer", "clientId", "url"}, Keys: Parts{
		part("issuer", "The provider's address.", address),
		part("clientId", "What the provider calls this server.", Part{}),
		part("clientSecret", "The secret that the provider gave: ${NAME} of the environment; left out for a public client.", Part{Kind: Secret}),
		part("url", "This server's own address, as browsers know it.", address),
		part("title", "What the page calls the provider.", Part{}),
		part("scopes", "What is asked for besides openid, profile and email.", Part{Kind: Texts}),
		part("name", "The claim that names people; unsaid, preferred_username or else email.", Part{}),
		part("claim", "The claim whose values roles knows: groups, realm_access.roles, email.", Part{}),
		part("roles", "Values of the claim with their roles; of several the highest counts.", Part{Kind: Choices, Words: Roles}),
		part("everybody", "The role of whom roles does not know; without it they do not come in.", Part{Kind: Choice, Words: Roles}),
	}}),
}

// OutboundKeys are the keys of where connections may lead.
var OutboundKeys = Parts{
	part("schemes", "What addresses begin with; unsaid, https only.", Part{Kind: Texts, Pattern: `^https?$`, Help: "write https or http"}),
	part("private", "true allows private networks, and the proxy that the environment names.", Part{Kind: Truth}),
	part("loopback", "true allows this machine itself, over http too: for sandboxes.", Part{Kind: Truth}),
}

// ClusterKeys are the keys of a NATS cluster.
var ClusterKeys = Parts{
	part("url", "Where its servers are: nats://one:4222,nats://two:4222.", Part{}),
	part("credentials", "A .creds file.", Part{}),
	part("user", "A user, in place of credentials.", Part{}),
	part("password", "The user's password: ${NAME} of the environment.", Part{Kind: Secret}),
	part("token", "A token, in place of credentials: ${NAME} of the environment.", Part{Kind: Secret}),
	part("ca", "A PEM file with the certificates that are believed.", Part{}),
	part("certificate", "A PEM file with our own certificate; it takes key.", Part{}),
	part("key", "A PEM file with its key.", Part{}),
	part("replicas", "On how many servers everything is kept: 1, 3 or 5; unsaid, 3.", Part{Kind: Whole, Min: 1, Max: 5}),
}

// AlertKeys are the keys of the section alerts.
var AlertKeys = Parts{
	part("link", "Where the server is reached, for the links in messages.", Part{}),
	part("stallMinutes", "How long documents may wait without one being settled; unsaid, 15.", Part{Kind: Whole, Min: 1, Max: 1_000_000}),
	part("mail", "E-mail.", Part{Kind: Section, Needed: []string{"server", "from", "to"}, Keys: Parts{
		part("server", "A host and a port: smtp.example.com:587.", Part{Pattern: `^.+:[0-9]+$`, Help: "write a host and a port, such as smtp.example.com:587"}),
		part("from", "The address of the sender.", Part{}),
		part("to", "The addresses of who is told.", Part{Kind: Texts}),
		part("user", "The user at the mail server.", Part{}),
		part("password", "The user's password: ${NAME} of the environment.", Part{Kind: Secret}),
	}}),
	part("webhook", "What takes what Slack takes.", Part{Kind: Section, Needed: []string{"url"}, Keys: Parts{
		part("url", "The address, which is a secret: ${NAME} of the environment.", Part{Kind: Secret}),
	}}),
}
