package project

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// cargo is what travels in a cell of the matrix.
type cargo struct {
	name   string
	entity port.Entity
	kind   string // of products: canonical type
}

var cargos = []cargo{
	{"order", port.Order, ""}, {"customer", port.Customer, ""}, {"product", port.Product, "simple"}, {"variants", port.Product, "variants"}, {"stock", port.Stock, ""},
}

// cell is one cargo of one pair of systems.
type cell struct {
	from, to connectors.Spec
	cargo
}

// target is the resource that a flow into the system would write, one that can be read again where there is one.
func (c cell) target() *connectors.Resource {
	var found *connectors.Resource
	for i, r := range c.to.Resources {
		able := r.Create
		if c.entity == port.Stock {
			able = r.Update
		}
		if r.Entity == c.entity && able && (found == nil || r.Read && !found.Read) {
			found = &c.to.Resources[i]
		}
	}
	return found
}

// impossible says why the cell is declared impossible, "" where it is not: what a Spec says against it, or that there is no mapping.
func (c cell) impossible() string {
	verb, no := "create", "takes no"
	if c.entity == port.Stock {
		verb, no = "update", "takes no"
	}
	because := func(s connectors.Spec, verb, no string) string {
		for _, r := range s.Resources {
			if reason := r.Impossible[verb]; r.Entity == c.entity && reason != "" {
				return s.Title + ": " + reason
			}
		}
		return fmt.Sprintf("%s %s %s, without a reason in its Spec", s.Title, no, plural(c.entity))
	}
	source := slices.IndexFunc(c.from.Resources, func(r connectors.Resource) bool { return r.Entity == c.entity && r.Read })
	if source < 0 {
		return because(c.from, "read", "gives no")
	}
	target := c.target()
	if target == nil {
		return because(c.to, verb, no)
	}
	for _, mapping := range []string{c.from.Name + "/" + c.from.Resources[source].Name + ".read", c.to.Name + "/" + target.Name + ".write"} {
		if _, err := fs.Stat(mappings.FS, mapping+".yaml"); err != nil {
			return "there is no mapping " + mapping
		}
	}
	for _, end := range []struct {
		title, verb string
		types       []string
	}{{c.from.Title, "gives", c.from.Resources[source].ProductTypes}, {c.to.Title, "takes", target.ProductTypes}} {
		if c.kind != "" && len(end.types) > 0 && !slices.Contains(end.types, c.kind) {
			return fmt.Sprintf("%s %s products of the types %s only", end.title, end.verb, strings.Join(end.types, ", "))
		}
	}
	return ""
}

// said is what a flow says because of one of its ends: members of settings and of tables.
type said struct{ where, settings, tables string }

// intoMatrix is what a flow says because of where it leads, by system and entity, or entity.
var intoMatrix = map[string]said{
	"eaccounting order": {
		settings: "orderType: order, missingProduct: create, roundingLimit: 0.02, sendVatNumber: false",
		tables:   "shippingArticles: {21: SHIP-21, 9: SHIP-9, 0: SHIP-0}, discountArticles: {21: DISC-21, 9: DISC-9, 0: DISC-0}, feeArticles: {21: SHIP-21, 9: SHIP-9, 0: DISC-0}",
	},
	"eaccounting customer": {settings: "sendVatNumber: false"},
	"eaccounting product":  {settings: "prices: gross"},
	"ecwid order":          {settings: "email: till@example.com"},
	"magento order":        {settings: "email: till@example.com"},
	"product":              {settings: "images: never"}, // those of the demo are at an address that is none
	"stock":                {settings: "maxZeroed: 100"},
}

// fromMatrix is what a flow says because of where it comes from.
var fromMatrix = map[string]said{
	"order": {where: `paymentStatus == "paid"`},
	// An order of books is paid by its invoice; what in it is shipping or a discount, the articles tell.
	"eaccounting order": {settings: "shippingArticles: [SHIP-21, SHIP-9, SHIP-0], discountArticles: [DISC-21, DISC-9, DISC-0]"},
	// Articles of shipping and discounts cost nothing, so that their prices do not tell the rate.
	"eaccounting product": {tables: "taxRates: {Goods 21 %: 21, Goods 9 %: 9, Goods 0 %: 0}"},
}

// said is what the flow of the cell says because of its ends.
func (c cell) said() (from, to said) {
	pick := func(table map[string]said, system string) said {
		if s, ok := table[system+" "+string(c.entity)]; ok {
			return s
		}
		return table[string(c.entity)]
	}
	return pick(fromMatrix, c.from.Name), pick(intoMatrix, c.to.Name)
}

func joined(a, b string) string { return strings.Trim(a+", "+b, ", ") }

// flowText is the flow of the cell.
func (c cell) flowText() string {
	from, to := c.said()
	text := fmt.Sprintf("from: from\nto: to\nentity: %s\n", c.entity)
	if from.where != "" {
		text += "where: '" + from.where + "'\n"
	}
	return text + fmt.Sprintf("settings: {%s}\ntables: {%s}\n", joined(from.settings, to.settings), joined(from.tables, to.tables))
}

// optionsInMatrix are what connections of systems with these options say.
var optionsInMatrix = map[string]string{"taxCountry": "NL", "callsPerMinute": `"1000000"`}

// matrixOptions are the options that a connection of a system has here, of those with the names.
func matrixOptions(spec connectors.Spec, names ...string) string {
	var out []string
	for _, name := range names {
		declared := slices.ContainsFunc(spec.Options, func(o connectors.Option) bool { return o.Name == name })
		if declared || spec.Name == "magento" && name == "taxCountry" {
			out = append(out, name+": "+optionsInMatrix[name])
		}
	}
	return strings.Join(out, ", ")
}

// open starts two sandboxes, and a project with a flow between them.
func (c cell) open(t *testing.T) *crossing {
	x := &crossing{t: t, dir: t.TempDir(), store: newMemoryStore(), env: map[string]string{}}
	text := "connections:\n"
	for role, spec := range map[string]connectors.Spec{"FROM": c.from, "TO": c.to} {
		var credentials []string
		for _, name := range x.serveAs(role, spec) {
			credentials = append(credentials, fmt.Sprintf("%s: \"${%s}\"", name, envName(role, name)))
		}
		text += fmt.Sprintf("  %s: {system: %s, url: \"${%s_URL}\", credentials: {%s}, options: {%s}}\n",
			strings.ToLower(role), spec.Name, role, strings.Join(credentials, ", "), matrixOptions(spec, slices.Sorted(maps.Keys(optionsInMatrix))...))
	}
	x.write("crosswalk.yaml", text)
	x.write("flows/orders.yaml", c.flowText())
	return x
}

func sandboxOf(spec connectors.Spec) connectors.Sandbox {
	i := slices.IndexFunc(all.Systems(), func(s connectors.System) bool { return s.Spec.Name == spec.Name })
	return all.Systems()[i].Sandbox(connectors.SandboxOptions{})
}

// serveAs starts a sandbox of a system; address and credentials, whose names it returns, become variables that begin with prefix.
func (x *crossing) serveAs(prefix string, spec connectors.Spec) []string {
	sandbox := sandboxOf(spec)
	x.serve(prefix+"_URL", sandbox)
	for name, value := range sandbox.Credentials() {
		x.env[envName(prefix, name)] = value
	}
	return slices.Sorted(maps.Keys(sandbox.Credentials()))
}

// problems runs the cell between fresh sandboxes and says what is wrong with it, nothing where it works.
func (c cell) problems(t *testing.T) []string { return c.problemsOf(c.open(t)) }

// problemsOf runs the flow of a project twice, and says what is wrong.
func (c cell) problemsOf(x *crossing) (out []string) {
	report := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	first, results, err := x.start()
	if err != nil {
		report("%v", err)
		return out
	}
	arrived := 0
	for _, name := range slices.Sorted(maps.Keys(results)) {
		r := results[name]
		if r.Plan == nil || c.kind != "" && cmp.Or(gjson.GetBytes(r.Plan.Canonical, "type").String(), "simple") != c.kind {
			continue
		}
		switch {
		case r.Outcome == flow.Failed && r.Code == flow.FailCustomer && !gjson.GetBytes(r.Plan.Canonical, "customer.email").Exists():
			// Nobody said who bought at the till, and books want a debtor: see the setting defaultCustomer.
		case r.Outcome == flow.Failed && c.to.Name == "magento" && slices.ContainsFunc(magentoRefuses, func(s string) bool { return strings.Contains(r.Reason, s) }):
		case r.Outcome == flow.Failed || r.Outcome == flow.InDoubt:
			report("%s: %s %s: %s", name, r.Outcome, r.Code, r.Reason)
		case r.Outcome == flow.Created || r.Outcome == flow.Updated || r.Code == flow.SkipUnchanged:
			arrived++
			for _, lost := range x.lost(c, r) {
				report("%s: %s", name, lost)
			}
		}
	}
	if arrived == 0 {
		report("nothing arrives: %s", first)
		for name, r := range results {
			report("%s: %s %s", name, r.Outcome, r.Reason)
		}
	}
	again, results, err := x.start()
	if err != nil || again.Created+again.Updated+again.InDoubt != 0 {
		report("a second run: %s, %v", again, err)
		for name, r := range results {
			if r.Outcome == flow.Created || r.Outcome == flow.Updated {
				x.t.Logf("%s, again: %s", name, r.Plan.Render())
			}
		}
	}
	return out
}

// lost compares what was sent with what the target has, both in the canonical form, and says what did not arrive.
func (x *crossing) lost(c cell, r flow.Result) (out []string) {
	x.t.Helper()
	target := c.target()
	key := port.Key{Field: probeOf[c.entity], Value: gjson.GetBytes(r.Plan.Canonical, probeOf[c.entity]).String()}
	if n := len(r.Targets); n > 0 {
		key = port.Key{Field: port.KeyID, Value: r.Targets[n-1].ID}
	}
	connection := c.to.Name
	if x.name == "" {
		connection = "to"
	}
	docs := x.findIn(connection, target.Name, key.Field, key.Value)
	if len(docs) != 1 {
		return []string{fmt.Sprintf("the target has it %d times", len(docs))}
	}
	back, err := x.canonical(connection, target.Name, docs[0].Body)
	if err != nil {
		return []string{err.Error()}
	}
	return differences(c, gjson.ParseBytes(r.Plan.Canonical), back)
}

// magentoRefuses are orders that Magento cannot have, because its cart has prices, shipping and addresses of its own: they fail before anything
// is placed.
var magentoRefuses = []string{"nothing was placed", "The shipping address is missing"}

// TestEveryPairCrosses is the table of all pairs of systems: an order, a customer, a simple product, one with variants and stock travel and
// arrive with totals, tax, addresses and SKUs, and a second run changes nothing. A cell that a Spec declares impossible, or that has no
// mapping, must not work; the test prints these with their reasons.
func TestEveryPairCrosses(t *testing.T) {
	var impossible []string
	t.Run("pairs", func(t *testing.T) {
		for _, from := range all.Systems() {
			for _, to := range all.Systems() {
				if from.Spec.Name == to.Spec.Name {
					continue
				}
				for _, cargo := range cargos {
					c := cell{from.Spec, to.Spec, cargo}
					name := fmt.Sprintf("%s to %s, %s", from.Spec.Name, to.Spec.Name, cargo.name)
					reason := c.impossible()
					if reason != "" {
						impossible = append(impossible, name+": "+reason)
					}
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						switch problems := c.problems(t); {
						case reason == "":
							for _, p := range problems {
								t.Error(p)
							}
						case len(problems) == 0:
							t.Errorf("it works, and is declared impossible: %s", reason)
						}
					})
				}
			}
		}
	})
	n := len(all.Systems())
	t.Logf("%d of %d cells are declared impossible:\n%s", len(impossible), n*(n-1)*len(cargos), strings.Join(impossible, "\n"))
}
