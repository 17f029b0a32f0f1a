package schema

// contextKeys are what a mapping may read besides the document, in a test file and in each of its cases.
var contextKeys = Keys{
	{"write", "What the document is mapped for; unsaid, create.", oneOf("create", "update")},
	{"source", "The raw document of the source system, or {file: ...}.", anyObject},
	{"settings", "The flow's settings, or {file: ...}.", anyObject},
	{"tables", "The flow's tables, or {file: ...}.", anyObject},
	{"links", "What the target knows: ids of the customer and products, reference data; or {file: ...}.", anyObject},
	{"current", "The target's present document for an update, or {file: ...}.", anyObject},
	{"now", "The instant of the run in RFC 3339, in quotes.", text},
}

// TestKeys are the keys of a test file.
var TestKeys = append(Keys{
	{"mapping", "The mapping that is tested, as a path relative to this file.", form{"type": "string", "minLength": 1}},
	{"cases", "The cases.", form{"type": "array", "minItems": 1, "items": reference("case")}},
}, contextKeys...)

var texts = form{"anyOf": []form{text, {"type": "array", "items": text}}}

// TestCaseKeys are the keys of a case of a test file.
var TestCaseKeys = append(Keys{
	{"name", "What the case shows; no two cases have the same name.", form{"type": "string", "minLength": 1}},
	{"input", "The document, or {file: ...} relative to this file.", anything},
	{"expect", "Fields that the result must have, with their values; or {file: ...}.", anyObject},
	{"exactly", "The whole result, or {file: ...}.", anyObject},
	{"absent", "Paths that the result must not have, such as lines[0].sku.", texts},
	{"fails", "The codes with which the document must fail.", form{"anyOf": []form{text, {"type": "array", "minItems": 1, "items": text}}}},
}, contextKeys...)

func testForm() form {
	return object(TestKeys, form{
		"description": "Tests of a mapping, beside it.",
		"required":    []string{"mapping", "cases"},
		"definitions": form{"case": object(TestCaseKeys, form{
			"required": []string{"name", "input"},
			"anyOf":    anyHaving("expect", "exactly", "absent", "fails"),
			"not":      form{"anyOf": []form{having("exactly", "expect"), having("exactly", "absent"), having("fails", "expect"), having("fails", "exactly"), having("fails", "absent")}},
		})},
	})
}

// Entities are what a flow can move.
var Entities = []string{"order", "customer", "product", "stock"}

// FlowKeys are the keys of a flow file.
var FlowKeys = Keys{
	{"from", "The connection of crosswalk.yaml that documents are read from.", word},
	{"to", "The connection of crosswalk.yaml that they are written to.", word},
	{"entity", "The kind of documents.", oneOf(Entities...)},
	{"trigger", "When the flow runs.", object(TriggerKeys, form{"type": []string{"object", "null"}})},
	{"after", "Flows that run before this one where several are due: the products before the orders that need them.", words},
	{"start", "A day (2026-01-31, midnight UTC) or an instant: documents that were created before it are left out.", word},
	{"where", "A condition over the canonical document: what does not pass is left out.", word},
	{"keep", "How long the activity of the flow is kept: 14d, 36h; unsaid, 14d.", text},
	{"limit", "The most documents that one run sends; 0 is no limit.", form{"type": "integer", "minimum": 0}},
	{"settings", "Settings of the flow and of its mappings.", section},
	{"tables", "Tables that take the place of the mappings' own.", tables},
	{"mappings", "Mappings in place of the systems' own.", object(FlowMappingKeys, form{"type": []string{"object", "null"}})},
	{"steps", "What is done with the canonical document between reading and writing, in this order.", form{"type": []string{"array", "null"}, "items": object(StepKeys, form{"type": "object"})}},
	{"note", "Words for whoever reads the file.", word},
}

// TriggerKeys are the keys of a flow's trigger.
var TriggerKeys = Keys{
	{"every", "The time between two runs: 30s, 5m, 24h.", text},
	{"cron", "The times of the runs, in place of every: minute, hour, day of the month, month, day of the week (0 4 * * mon-fri).", text},
	{"zone", "The time zone of cron, such as Europe/Amsterdam; unsaid, UTC.", text},
	{"webhook", "true runs the flow when the source says that something changed.", form{"enum": []any{true, false, "true", "false"}}},
}

// StepKeys are the keys of a step of a flow; each step has one of filter, map and script.
var StepKeys = Keys{
	{"filter", "A condition over the canonical document: what does not pass is left out.", word},
	{"map", "A mapping from the canonical document to itself: a file of the project or a built-in name.", text},
	{"script", "A function of a script that is given the canonical document and gives back the one that goes on: scripts/enrich.ts#default.", text},
	{"note", "Words for whoever reads the file.", word},
}

// FlowMappingKeys are the mappings that a flow can replace.
var FlowMappingKeys = Keys{
	{"read", "The mapping from the source's document to the canonical one: a file of the project or a built-in name.", text},
	{"write", "The mapping from the canonical document to the target's.", text},
	{"customer", "The mapping that makes the target's customers.", text},
	{"product", "The mapping that makes the target's products.", text},
}

func flowForm(settings map[string][]Setting) form {
	flow := form{
		"description": "A pipeline that moves documents of one entity from one connection to another.",
		"required":    []string{"from", "to", "entity"},
	}
	var ifs []form
	for _, entity := range Entities {
		if properties := settingForms(settings[entity]); len(properties) > 0 {
			ifs = append(ifs, form{
				"if":   form{"properties": form{"entity": form{"const": entity}}},
				"then": form{"properties": form{"settings": form{"properties": properties}}},
			})
		}
	}
	if ifs != nil {
		flow["allOf"] = ifs
	}
	return object(FlowKeys, flow)
}

// settingForms are what settings may hold; a setting with nothing behind it has its default.
func settingForms(settings []Setting) form {
	kinds := map[string]form{
		"string": {"type": []string{"string", "number", "null"}}, "number": {"type": []string{"number", "null"}},
		"boolean": {"type": []string{"boolean", "null"}}, "object": {"type": []string{"object", "null"}}, "list": {"type": []string{"array", "null"}},
	}
	out := form{}
	for _, s := range settings {
		kind := kinds[s.Type]
		switch {
		case len(s.Choices) == 0:
		case s.Type == "list":
			kind = kind.with(form{"items": oneOf(s.Choices...), "minItems": 1})
		default:
			kind = oneOf(s.Choices...)
		}
		out[s.Name] = kind.with(form{"description": s.Help})
	}
	return out
}

// ProjectKeys are the keys of crosswalk.yaml.
var ProjectKeys = Keys{
	{"connections", "Systems with credentials, under the names that flows use.", form{"type": "object", "additionalProperties": reference("connection")}},
	part("server", "How the project is served, and to whom.", Part{Kind: Section, Keys: ServerKeys}).Key,
	part("alerts", "Who is told when something fails.", Part{Kind: Section, Keys: AlertKeys}).Key,
	{"data", "The folder of the server's own data; unsaid, .crosswalk.", word},
}

// ConnectionKeys are the keys of a connection.
var ConnectionKeys = Keys{
	{"system", "The product that is connected.", word},
	{"url", "The shop's address, or the address of the system's API; left out, the system's own. ${NAME} is a variable of the environment.", word},
	{"credentials", "The system's credentials. A secret is never written here: ${NAME} is a variable of the environment, {file: path} a file.", form{"type": []string{"object", "null"}, "additionalProperties": form{"anyOf": []form{word, object(CredentialKeys, having("file"))}}}},
	{"options", "Further options of the system.", form{"type": []string{"object", "null"}, "additionalProperties": word}},
}

// CredentialKeys are the keys of a credential that stands in a file of its own.
var CredentialKeys = Keys{{"file", "The file that holds the secret and nothing else.", word}}

func projectForm(systems []string) form {
	connection := ConnectionKeys
	if len(systems) > 0 {
		connection = append(Keys{}, ConnectionKeys...)
		connection[0].form = oneOf(systems...)
	}
	return object(ProjectKeys, form{
		"description": "A project: its connections and how it is served.",
		"required":    []string{"connections"},
		"definitions": form{"connection": object(connection, form{"required": []string{"system"}})},
	})
}
