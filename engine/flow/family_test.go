package flow_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// readProduct gives back what wholeProduct wrote.
var readProduct = mapper(func(_ context.Context, doc []byte, _ engine.Input) ([]byte, error) {
	if p := gjson.GetBytes(doc, "Product"); p.Exists() {
		return []byte(p.Raw), nil
	}
	return []byte(`{}`), nil
})

// variantsOf makes a family of lines such as "TEE-1 Colour=Red Size=M".
func variantsOf(lines ...string) string {
	var variants []string
	for _, line := range lines {
		words := strings.Fields(line)
		var options []string
		for _, w := range words[1:] {
			name, value, _ := strings.Cut(w, "=")
			options = append(options, fmt.Sprintf(`{"name":%q,"value":%q}`, name, value))
		}
		variants = append(variants, fmt.Sprintf(`{"sku":%q,"options":[%s]}`, words[0], strings.Join(options, ",")))
	}
	return `{"id":"p-TEE","sku":"TEE","type":"variants","name":"T-shirt","variants":[` + strings.Join(variants, ",") + `]}`
}

// TestFamilyUnderOtherNames shows that variants are their SKUs: a family keeps the names that the target has for what its variants differ in.
func TestFamilyUnderOtherNames(t *testing.T) {
	cases := []struct {
		name        string
		here, there []string
		// want are the variants as they are written; nil where the family fails.
		want []string
	}{
		{name: "the same variants", here: []string{"A Colour=Black Size=S", "B Colour=Black Size=M"}, there: []string{"A Maat=S Kleur=Zwart", "B Maat=M Kleur=Zwart"},
			want: []string{"A Maat=S Kleur=Zwart", "B Maat=M Kleur=Zwart"}},
		{name: "a new one of known values", here: []string{"A Colour=Black Size=S", "B Colour=Red Size=M", "C Colour=Red Size=S"}, there: []string{"A Maat=S Kleur=Zwart", "B Maat=M Kleur=Rood"},
			want: []string{"A Maat=S Kleur=Zwart", "B Maat=M Kleur=Rood", "C Kleur=Rood Maat=S"}},
		{name: "a new one of a new value", here: []string{"A Colour=Black Size=S", "B Colour=Black Size=M", "C Colour=White Size=S"}, there: []string{"A Maat=S Kleur=Zwart", "B Maat=M Kleur=Zwart"},
			want: []string{"A Maat=S Kleur=Zwart", "B Maat=M Kleur=Zwart", "C Kleur=White Maat=S"}},
		{name: "one of the names is the same", here: []string{"A Colour=Black size=S", "B Colour=Black size=M"}, there: []string{"A Size=S Kleur=Zwart"},
			want: []string{"A Size=S Kleur=Zwart", "B Kleur=Zwart Size=M"}},
		{name: "equal names", here: []string{"A Colour=Black", "B Colour=White"}, there: []string{"A colour=Zwart"}, want: []string{"A Colour=Black", "B Colour=White"}},
		{name: "an attribute more", here: []string{"A Colour=Black Size=S"}, there: []string{"A Colour=Black"}, want: []string{"A Colour=Black Size=S"}},
		{name: "an attribute less, and nothing new", here: []string{"A Colour=Black"}, there: []string{"A Colour=Zwart Maat=S"}, want: []string{"A Colour=Zwart Maat=S"}},
		{name: "an attribute less", here: []string{"A Colour=Black", "B Colour=White"}, there: []string{"A Colour=Zwart Maat=S"}},
		{name: "equal values tell it", here: []string{"A Colour=Black Size=S", "B Colour=White Size=M"}, there: []string{"A Kleur=Zwart Maat=S"},
			want: []string{"A Kleur=Zwart Maat=S", "B Kleur=White Maat=M"}},
		{name: "nothing tells it", here: []string{"A Colour=Black Cloth=Cotton", "B Colour=White Cloth=Linen"}, there: []string{"A Kleur=Zwart Stof=Katoen"}},
		{name: "values that do not go together", here: []string{"A Colour=Black", "B Colour=Black", "C Colour=White"}, there: []string{"A Kleur=Zwart", "B Kleur=Rood"}},
		{name: "no variant in common", here: []string{"A Colour=Black"}, there: []string{"X Kleur=Zwart"}},
		{name: "a family without variants there", here: []string{"A Colour=Black"}, want: []string{"A Colour=Black"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := with(newProducts(), variantsOf(c.here...))
			w.flow.Mappings.TargetRead = readProduct
			w.books.put("article", `{"Number":"TEE","Product":`+variantsOf(c.there...)+`}`)
			s, results, err := w.run(t, flow.RunOptions{})
			if err != nil {
				t.Fatal(err)
			}
			r := results["TEE"]
			if c.want == nil {
				if r.Outcome != flow.Failed || r.Code != flow.FailLabel || !strings.Contains(r.Reason, "do not tell which is which") || len(w.books.writes()) != 0 {
					t.Errorf("%s %s: %s", r.Outcome, r.Code, r.Reason)
				}
				return
			}
			var got []string
			family := gjson.GetBytes(w.books.docs["article"][len(w.books.docs["article"])-1].Body, "Product")
			for _, v := range family.Get("variants").Array() {
				line := v.Get("sku").String()
				for _, o := range v.Get("options").Array() {
					line += " " + o.Get("name").String() + "=" + o.Get("value").String()
				}
				got = append(got, line)
			}
			if strings.Join(got, "; ") != strings.Join(c.want, "; ") {
				t.Errorf("%s: %s\nwant %s", s, strings.Join(got, "; "), strings.Join(c.want, "; "))
			}
			if s, _, err := w.run(t, flow.RunOptions{FromStart: true}); err != nil || s.Skipped != 1 {
				t.Errorf("again: %s %v", s, err)
			}
		})
	}
}

// TestFamilyKeepsValues shows that the lists of options hold what the target has, and what new variants add.
func TestFamilyKeepsValues(t *testing.T) {
	w := with(newProducts(), variantsOf("A Colour=Black", "B Colour=White"))
	w.flow.Mappings.TargetRead = readProduct
	there := strings.Replace(variantsOf("A Kleur=Zwart"), `"variants":`, `"options":[{"name":"Kleur","values":["Rood","Zwart"]},{"name":"Gravure","values":["?"]}],"variants":`, 1)
	w.books.put("article", `{"Number":"TEE","Product":`+there+`}`)
	if s, _, err := w.run(t, flow.RunOptions{}); err != nil || s.Updated != 1 {
		t.Fatalf("%s %v", s, err)
	}
	if got, want := gjson.GetBytes(w.books.docs["article"][len(w.books.docs["article"])-1].Body, "Product.options").Raw, `[{"name":"Kleur","values":["Rood","Zwart","White"]}]`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
