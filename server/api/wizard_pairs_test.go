package api_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// wizardAnswers are what a person answers besides what is asked for: JSON members of settings and tables, by target and entity or entity.
var wizardAnswers = map[string][2]string{
	"eaccounting order":    {`"orderType": "order", "missingProduct": "create", "roundingLimit": 0.02, "sendVatNumber": false`, ""},
	"eaccounting customer": {`"sendVatNumber": false`, ""},
	"eaccounting product":  {`"prices": "gross"`, ""},
	// Whoever pays at a till may leave no name.
	"ccvsalespos eaccounting order": {`"defaultCustomer": "1001"`, ""},
	"ccvsalespos shopware order":    {`"defaults": {"customer.email": "till@example.com"}`, ""},
	"ecwid order":                   {`"email": "till@example.com"`, ""},
	"magento order":                 {`"email": "till@example.com"`, ""},
	"product":                       {`"images": "never"`, ""},
	"stock":                         {`"maxZeroed": 100`, ""},
	"from eaccounting order": {
		`"shippingArticles": ["SHIP-21", "SHIP-9", "SHIP-0"], "discountArticles": ["DISC-21", "DISC-9", "DISC-0"]`, ""},
	"from eaccounting product": {"", `"taxRates": {"Goods 21 %": 21, "Goods 9 %": 9, "Goods 0 %": 0}`},
}

func joined(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// TestWizardJoinsPairs walks the wizard for every entity and direction of the pairs that example projects join: each walk leads to a flow
// that is put together without a problem; those of orders run, and carry some.
func TestWizardJoinsPairs(t *testing.T) {
	for _, pair := range [][2]string{
		{"ccvsalespos", "eaccounting"}, {"ccvshop", "eaccounting"}, {"magento", "eaccounting"}, {"shopware", "ccvsalespos"}, {"ccvsalespos", "ecwid"},
	} {
		t.Run(pair[0]+" and "+pair[1], func(t *testing.T) {
			t.Parallel()
			c := open(t, map[string]string{"crosswalk.yaml": "connections: {}\n"}, auth.Config{}, withSetup(here, nil))
			ends := map[string]object{}
			for _, system := range pair {
				url, credentials := sandboxAt(t, system, time.Now) // signatures must be fresh
				draft := object{"name": system, "system": system, "address": url, "credentials": credentials, "options": wizardOptions(system)}
				got := c.get("POST", "/wizard/connection", draft)
				if ends[system] = (object{"draft": gjson.Get(got, "draft").Str}); !gjson.Get(got, "ok").Bool() {
					t.Fatalf("%s says %s", system, got)
				}
			}
			wrote := 0
			for _, direction := range [][2]string{pair, {pair[1], pair[0]}} {
				for _, entity := range []port.Entity{port.Order, port.Customer, port.Product, port.Stock} {
					if crosses(direction[0], direction[1], entity) && walk(t, c, ends, direction, entity) {
						wrote++
					}
				}
			}
			if wrote < 7 {
				t.Errorf("%d flows were set up", wrote)
			}
			runAll(t, c)
		})
	}
}

// wizardOptions are what a person says of a connection to a sandbox: it may be asked often, and Magento knows taxes by country.
func wizardOptions(system string) object {
	out := object{}
	for _, o := range specOf(system).Options {
		switch o.Name {
		case "callsPerMinute":
			out[o.Name] = "1000000"
		case "taxCountry":
			out[o.Name] = "NL"
		}
	}
	return out
}

func specOf(system string) connectors.Spec {
	systems := all.Systems()
	return systems[slices.IndexFunc(systems, func(s connectors.System) bool { return s.Spec.Name == system })].Spec
}

// crosses tells what the wizard's page offers: the one gives the entity and the other takes it.
func crosses(from, to string, entity port.Entity) bool {
	return slices.ContainsFunc(specOf(from).Resources, func(r connectors.Resource) bool { return r.Entity == entity && r.Read }) &&
		slices.ContainsFunc(specOf(to).Resources, func(r connectors.Resource) bool { return r.Entity == entity && (r.Create || r.Update) })
}

// walk answers the questions of one flow, tries it and lets it be written.
func walk(t *testing.T, c *client, ends map[string]object, direction [2]string, entity port.Entity) bool {
	t.Helper()
	from, to := direction[0], direction[1]
	q := c.get("POST", "/wizard/questions", object{"from": ends[from], "to": ends[to], "entity": string(entity)})
	if notes := gjson.Get(q, "notes"); notes.Get("#").Int() > 0 {
		t.Errorf("%s to %s, %s: the notes are %s", from, to, entity, notes)
	}
	var settings, tables []string
	for _, key := range []string{to + " " + string(entity), "from " + from + " " + string(entity), from + " " + to + " " + string(entity)} {
		settings, tables = append(settings, wizardAnswers[key][0]), append(tables, wizardAnswers[key][1])
	}
	if _, ok := wizardAnswers[to+" "+string(entity)]; !ok {
		settings = append(settings, wizardAnswers[string(entity)][0])
	}
	for table, stem := range map[string]string{"shippingArticles": "SHIP", "discountArticles": "DISC", "feeArticles": "DISC"} {
		asked := gjson.Get(q, `tables.#(name=="`+table+`")`)
		if !asked.Exists() {
			continue
		}
		var entries []string
		for _, row := range asked.Get("rows.#.key").Array() {
			if slices.Contains([]string{"21", "9", "0"}, row.String()) {
				entries = append(entries, fmt.Sprintf("%q: %q", row.String(), stem+"-"+row.String()))
			}
		}
		if len(entries) != 3 {
			t.Errorf("%s to %s: the table %s does not ask for the rates 21, 9 and 0: %s", from, to, table, asked)
		}
		tables = append(tables, fmt.Sprintf("%q: {%s}", table, strings.Join(entries, ", ")))
	}
	name := fmt.Sprintf("%s-to-%s", entity, to)
	plan := object{"name": name, "from": ends[from], "to": ends[to], "entity": string(entity), "every": "5m",
		"settings": joined(settings...), "tables": joined(tables...)}
	if entity == port.Order {
		plan["start"] = "2020-01-01"
		if from != "eaccounting" {
			plan["where"] = `paymentStatus == "paid"`
		}
	}
	tried := c.get("POST", "/wizard/rehearsal", plan)
	if outcome := gjson.Get(tried, "outcome").Str; outcome == "failed" || outcome == "in_doubt" {
		t.Errorf("%s to %s, %s: document %s would be %s: %s (%s)", from, to, entity, gjson.Get(tried, "key"), outcome, gjson.Get(tried, "reason"), gjson.Get(tried, "help"))
	}
	c.get("POST", "/wizard/files", changed(plan, "secrets", "files"))
	ends[from], ends[to] = object{"connection": from}, object{"connection": to}
	return true
}

// runAll puts the written flows together, and runs those of orders.
func runAll(t *testing.T, c *client) {
	t.Helper()
	p, err := project.Load(c.dir, all.Systems())
	if err != nil {
		t.Fatal(err)
	}
	set, err := flows.Open(t.Context(), p, flows.Options{Library: mappings.FS})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = set.Close(context.WithoutCancel(t.Context())) }) // nothing is kept
	for _, f := range p.Flows {
		if _, err := p.Assemble(f, mappings.FS); err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		if f.Entity != port.Order {
			continue // the rehearsal has planned one, and the example projects run them all
		}
		one, err := set.Flow(t.Context(), f.Name)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		s, err := set.Engine.Run(t.Context(), one, runner.RunOptions{})
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if err := one.Close(); err != nil {
			t.Error(err)
		}
		if s.Created == 0 {
			t.Errorf("%s to %s carried nothing: %s", f.From, f.Name, s)
		}
	}
}
