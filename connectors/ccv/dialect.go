package ccv

import (
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/ccv/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// dialect is what tells the two products apart: data only, so that one file changes on the day that a register's own schemas are at hand.
type dialect struct {
	name, title string
	// accept picks the schemas of the answers.
	accept string
	// register is a till: its orders are sales, with terminal receipts, and its reservations leave the stock where it is.
	register bool
	// rescan is how far back orders are read again, because no stamp tells that one changed.
	rescan time.Duration
}

var (
	shopDialect = dialect{
		name: "ccvshop", title: "CCV Shop", accept: "application/vnd.verto.webshop+json", rescan: 30 * 24 * time.Hour,
	}
	// A sale is whole when it is rung up; what comes later are sales of a till that was off line, and reservations that get paid.
	registerDialect = dialect{
		name: "ccvsalespos", title: "CCV SalesPOS", accept: "application/vnd.verto.salespos+json", register: true, rescan: 7 * 24 * time.Hour,
	}
)

// Shop describes CCV Shop and opens connections to it.
func Shop() connectors.System {
	return connectors.System{
		Spec:    shopDialect.spec(),
		Open:    func(cfg connectors.Config) (connectors.Connector, error) { return open(shopDialect, cfg, nil) },
		Sandbox: func(o connectors.SandboxOptions) connectors.Sandbox { return sandbox.New(o) },
	}
}

// SalesPOS describes CCV SalesPOS, the till, and opens connections to it. Each branch has an address and keys of its own.
func SalesPOS() connectors.System {
	return connectors.System{
		Spec:    registerDialect.spec(),
		Open:    func(cfg connectors.Config) (connectors.Connector, error) { return open(registerDialect, cfg, nil) },
		Sandbox: func(o connectors.SandboxOptions) connectors.Sandbox { return sandbox.NewRegister(o) },
	}
}

func (d dialect) spec() connectors.Spec {
	orders, what, where := "Orders", "with rows", "My web shop > Settings > API settings, after installing the free app API."
	if d.register {
		orders, what, where = "Sales", "with rows and the slips of the terminal", "The back office of the branch's till: Settings > API settings. Each branch has keys of its own."
	}
	return connectors.Spec{
		Name: d.name, Title: d.title,
		Resources: []connectors.Resource{
			{Name: "order", Entity: port.Order, Title: orders, Help: what + "; an update changes the state, whether it is paid, tracking and rows",
				Read: true, Create: true, Update: true, Writes: connectors.WriteMerge, Probes: []string{port.KeyID, port.KeyNumber, port.KeyReference}},
			{Name: "customer", Entity: port.Customer, Title: "Customers", Help: "those with a log-in",
				Read: true, Create: true, Update: true, Writes: connectors.WriteMerge, Probes: []string{port.KeyID, port.KeyEmail}},
			{Name: "product", Entity: port.Product, Title: "Products", Help: "with variants, photos, and brand, categories and attributes by name",
				Read: true, Create: true, Update: true, Writes: connectors.WriteMerge, Probes: []string{port.KeyID, port.KeySKU}, ProductTypes: []string{"simple", "variants"}, Relates: true},
			{Name: "stock", Entity: port.Stock, Title: "Stock", Help: "of products, or of each variant, and whether stock is kept",
				Read: true, Update: true, Writes: connectors.WriteAbsolute, Probes: []string{port.KeyID, port.KeySKU},
				Impossible: map[string]string{"create": "Stock is a member of a product or a variant (products.stock, attributecombinations.stock): it is there when these are."}},
		},
		Credentials: []connectors.Credential{
			{Name: "public", Title: "Public key", Needed: true, Help: where},
			{Name: "secret", Title: "Secret key", Secret: true, Needed: true, Help: "Shown beside the public key."},
			{Name: "webhookKeys", Title: "Keys of webhooks", Secret: true, Webhooks: true, Help: "The key that POST /webhooks/ answered, for each webhook, with commas between them. Only for flows that webhooks start."},
		},
		References: referenceList(),
		Options: []connectors.Option{
			{Name: "pageSize", Help: "documents a request, 2 to 250", Default: "100"},
			{Name: "overlap", Help: "how far before the last change a read begins", Default: "10m"},
			{Name: "rescan", Help: "how far back orders are read again on every run: CCV keeps no stamp of changes, so that an order that gets paid is found this way", Default: d.rescan.String()},
			{Name: "callsPerMinute", Help: "what connections with this key pair take of the 150 reads a minute that CCV grants for a resource; writes and searches take the same share", Default: "150"},
			{Name: "language", Help: "language of texts that are read and written: a code of two letters", Default: "the shop's own"},
			{Name: "verifyAnswers", Help: "whether answers must be signed by the shop", Default: "true", Choices: []string{"true", "false"}},
			{Name: "webhookAddress", Help: "the address that the webhooks were registered with, where a proxy changes it", Default: "https and the address of the call"},
		},
		CallsPerMinute: callsPerMinute, BudgetPer: "connection",
		Limits:   "For each resource 150 reads and 100 writes a minute, and 30 searches of an article by its numbers; shared by all who use the key pair.",
		Webhooks: true,
		Impossible: map[string]string{
			"quote":        "Quotations can be read only: the API has GET /quotations/ and no POST.",
			"invoiceDraft": "An invoice has no draft: its status is paid, unpaid or reimbursed.",
			"invoice":      "POST /orders/:id/invoices/ makes an invoice of an order that is there, and of nothing else.",
			"grouped":      "No product of the API is made of others.",
		},
	}
}
