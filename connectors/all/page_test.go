package all_test

import (
	"cmp"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

var update = flag.Bool("update", false, "write the tables of the systems' pages")

// tables are what the pages of docs/systems tell from a declaration, each in a block of its own:
//
//	<!-- spec documents -->
//	...
//	<!-- end -->
var tables = []struct {
	name string
	text func(connectors.Spec) string
}{
	{"documents", documents}, {"credentials", credentials}, {"options", options}, {"references", references}, {"limits", limits}, {"impossible", impossible},
}

var blocks = regexp.MustCompile(`(?s)<!-- spec ([a-z]+) -->\n(.*?)<!-- end -->`)

// TestSystemsPages holds the tables of docs/systems to what the systems declare; -update writes them.
func TestSystemsPages(t *testing.T) {
	for _, s := range all.Systems() {
		t.Run(s.Spec.Name, func(t *testing.T) {
			file := "../../docs/systems/" + s.Spec.Name + ".md"
			page, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			want := blocks.ReplaceAllStringFunc(string(page), func(block string) string {
				name := blocks.FindStringSubmatch(block)[1]
				for _, table := range tables {
					if table.name == name {
						seen[name] = true
						return "<!-- spec " + name + " -->\n" + table.text(s.Spec) + "<!-- end -->"
					}
				}
				t.Errorf("there is no table %q", name)
				return block
			})
			for _, table := range tables {
				if !seen[table.name] {
					t.Errorf("the page lacks the block <!-- spec %s --> <!-- end -->", table.name)
				}
			}
			if want == string(page) {
				return
			}
			if *update {
				if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s does not tell what the system declares: go test ./connectors/all -run SystemsPages -update", file)
		})
	}
}

// markdown is a table without the rows that are empty.
func markdown(head string, rows []string) string {
	if len(rows) == 0 {
		return "None.\n"
	}
	return head + "\n|" + strings.Repeat("---|", strings.Count(head, "|")-1) + "\n" + strings.Join(rows, "\n") + "\n"
}

func row(cells ...string) string {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

func code(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "`" + w + "`"
	}
	return strings.Join(quoted, " ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "-"
}

func documents(s connectors.Spec) string {
	var rows []string
	for _, r := range s.Resources {
		what, again, found := r.Title, "looked for first", code(r.Probes)
		if r.Help != "" {
			what += ": " + r.Help
		}
		if r.Idempotent {
			again = "makes no second one"
		}
		if !r.Create {
			again = "-"
		}
		entity := string(r.Entity)
		if len(r.ProductTypes) > 0 {
			entity += ": " + strings.Join(r.ProductTypes, ", ")
		}
		rows = append(rows, row("`"+r.Name+"`", entity, what, yes(r.Read), yes(r.Create), yes(r.Update), found, cmp.Or(string(r.Writes), "-"), again))
	}
	return markdown("| document | entity | what | read | create | update | found by | what a write does | a create that is repeated |", rows)
}

func credentials(s connectors.Spec) string {
	var rows []string
	for _, c := range s.Credentials {
		needed := "-"
		switch {
		case c.Needed:
			needed = "yes"
		case c.Webhooks:
			needed = "for webhooks"
		}
		rows = append(rows, row("`"+c.Name+"`", c.Title, needed, yes(c.Secret), c.Help))
	}
	return markdown("| credential | what | needed | secret | where it is |", rows)
}

func options(s connectors.Spec) string {
	var rows []string
	for _, o := range s.Options {
		rows = append(rows, row("`"+o.Name+"`", o.Help, cmp.Or(code(o.Choices), "-"), cmp.Or(o.Default, "-")))
	}
	return markdown("| option | meaning | one of | unsaid |", rows)
}

func references(s connectors.Spec) string {
	var rows []string
	for _, r := range s.References {
		var keys, values []string
		for _, f := range r.Feeds {
			keys, values = slices.Concat(keys, f.Keys, f.Outer), slices.Concat(values, f.Values, f.Outer)
		}
		rows = append(rows, row("`"+r.Name+"`", r.Help, cmp.Or(code(keys), "-"), cmp.Or(code(values), "-")))
	}
	return markdown("| reference data | what | offers keys of the tables | offers values of the tables |", rows)
}

func limits(s connectors.Spec) string {
	hooks := "It has no webhooks: flows ask on a schedule."
	if s.Webhooks {
		hooks = "Its webhooks start flows (`trigger: {webhook: true}`)."
	}
	return s.Limits + " " + hooks + "\n"
}

func impossible(s connectors.Spec) string {
	var rows []string
	for _, r := range s.Resources {
		verbs := map[string][]string{} // by reason, so that one that stands against several is told once
		var reasons []string
		for _, verb := range []string{"read", "create", "update"} {
			if why := r.Impossible[verb]; why != "" {
				if verbs[why] == nil {
					reasons = append(reasons, why)
				}
				verbs[why] = append(verbs[why], verb)
			}
		}
		for _, why := range reasons {
			rows = append(rows, row(strings.Join(verbs[why], ", ")+" `"+r.Name+"`", why))
		}
	}
	for _, name := range slices.Concat(connectors.OrderTypes, connectors.ProductTypes) {
		if why := s.Impossible[name]; why != "" {
			kind := "create orders as"
			if slices.Contains(connectors.ProductTypes, name) {
				kind = "products of the type"
			}
			rows = append(rows, row(kind+" `"+name+"`", why))
		}
	}
	return markdown("| not possible | because |", rows)
}

// TestSpecsAreWhole holds that a system says of every entity, direction, order type and type of products that it has it, or what stands against it.
func TestSpecsAreWhole(t *testing.T) {
	for _, s := range all.Systems() {
		t.Run(s.Spec.Name, func(t *testing.T) {
			for _, entity := range []port.Entity{port.Order, port.Customer, port.Product, port.Stock} {
				if !slices.ContainsFunc(s.Spec.Resources, func(r connectors.Resource) bool { return r.Entity == entity }) {
					t.Errorf("nothing is said of %s", entity)
				}
			}
			for _, r := range s.Spec.Resources {
				for verb, can := range map[string]bool{"read": r.Read, "create": r.Create, "update": r.Update} {
					if reason := r.Impossible[verb]; can == (reason != "") {
						t.Errorf("%s: %s is %t, and what stands against it is %q", r.Name, verb, can, reason)
					}
				}
				if r.Update != (r.Writes != "") {
					t.Errorf("%s: update is %t, and what a write does is %q", r.Name, r.Update, r.Writes)
				}
				if r.Entity != port.Product {
					continue
				}
				for _, kind := range connectors.ProductTypes {
					if can := slices.Contains(r.ProductTypes, kind); r.Create && can == (s.Spec.Impossible[kind] != "") {
						t.Errorf("%s: products of the type %s: %t, and what stands against it is %q", r.Name, kind, can, s.Spec.Impossible[kind])
					}
				}
			}
			for _, kind := range connectors.OrderTypes {
				can := slices.ContainsFunc(s.Spec.Resources, func(r connectors.Resource) bool { return r.Name == kind && r.Entity == port.Order && r.Create })
				if can == (s.Spec.Impossible[kind] != "") {
					t.Errorf("orders as %s: %t, and what stands against it is %q", kind, can, s.Spec.Impossible[kind])
				}
			}
			for name := range s.Spec.Impossible {
				if !slices.Contains(slices.Concat(connectors.OrderTypes, connectors.ProductTypes), name) {
					t.Errorf("there is no order type and no type of products %q", name)
				}
			}
			if s.Spec.Limits == "" || s.Spec.CallsPerMinute > 0 != (s.Spec.BudgetPer != "") {
				t.Errorf("its limits are %q: %d a minute for each %q", s.Spec.Limits, s.Spec.CallsPerMinute, s.Spec.BudgetPer)
			}
			for _, c := range s.Spec.Credentials {
				if c.Webhooks && (c.Needed || !s.Spec.Webhooks) {
					t.Errorf("the credential %s is for webhooks, and needed: %t, and the system has webhooks: %t", c.Name, c.Needed, s.Spec.Webhooks)
				}
			}
		})
	}
}
