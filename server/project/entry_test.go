package project_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/server/project"
)

func TestAddEntry(t *testing.T) {
	tests := []struct {
		name   string
		text   string
		table  string
		keys   string // with spaces between
		value  string
		base   string
		want   string // "" for what err says
		refuse error
	}{
		{name: "braces", table: "terms", keys: "gift", value: `"10 days"`,
			text: "from: a # the shop\ntables:\n  # by payment\n  terms: {cash: 0, invoice: 30} # days\n  other: {a: b}\n",
			want: "from: a # the shop\ntables:\n  # by payment\n  terms: {cash: 0, invoice: 30, gift: \"10 days\"} # days\n  other: {a: b}\n"},
		{name: "empty braces", table: "terms", keys: "gift", value: `14`, text: "tables:\n  terms: {}\n", want: "tables:\n  terms: {gift: 14}\n"},
		{name: "lines", table: "terms", keys: "gift", value: `14`,
			text: "tables:\n  terms:\n    cash: 0 # at once\n    # more of them\n\n  other: {}\n\n# the end\nsettings: {}\n",
			want: "tables:\n  terms:\n    cash: 0 # at once\n    # more of them\n    gift: 14\n\n  other: {}\n\n# the end\nsettings: {}\n"},
		{name: "a text like a number", table: "terms", keys: "021", value: `"3001"`, text: "tables: {terms: {cash: 1}}", want: "tables: {terms: {cash: 1, 021: \"3001\"}}"},
		{name: "a table within a table", table: "codes", keys: "NL 9", value: `"low"`, text: "tables:\n  codes: {NL: {21: high}, BE: {}}\n",
			want: "tables:\n  codes: {NL: {21: high, 9: low}, BE: {}}\n"},
		{name: "a new table within a table", table: "codes", keys: "DE 19", value: `"high"`, text: "tables:\n  codes:\n    NL: {21: high}\n",
			want: "tables:\n  codes:\n    NL: {21: high}\n    DE:\n      19: high\n"},
		{name: "a new table", table: "terms", keys: "gift", value: `14`, text: "tables:\n  codes:\n    NL: {21: high}\n",
			want: "tables:\n  codes:\n    NL: {21: high}\n  terms:\n    gift: 14\n"},
		{name: "the first table", table: "terms", keys: "gift", value: `14`, text: "from: a\nentity: order\n",
			want: "from: a\nentity: order\n\ntables:\n  terms:\n    gift: 14\n"},
		{name: "no end of line", table: "terms", keys: "gift", value: `14`, text: "from: a\nentity: order",
			want: "from: a\nentity: order\n\ntables:\n  terms:\n    gift: 14\n"},
		{name: "it begins with what the mapping has", table: "terms", keys: "gift", value: `"x y"`, base: `{"zero":"no","cash":10.50}`,
			text: "from: a\ntables: {other: {a: b}}\n", want: "from: a\ntables: {other: {a: b}, terms: {zero: \"no\", cash: 10.50, gift: x y}}\n"},
		{name: "a table that has its own", table: "terms", keys: "gift", value: `1`, base: `{"cash":0}`, text: "tables: {terms: {a: 2}}\n", want: "tables: {terms: {a: 2, gift: 1}}\n"},
		{name: "nothing behind the key", table: "terms", keys: "gift", value: `14`, text: "tables:\n  terms: # later\n  other: {}\n",
			want: "tables:\n  terms: {gift: 14} # later\n  other: {}\n"},
		{name: "no tables yet", table: "terms", keys: "gift", value: `14`, text: "tables:\n", want: "tables: {terms: {gift: 14}}\n"},
		{name: "a comma at the end", table: "terms", keys: "gift", value: `14`, text: "tables:\n  terms: {cash: 0,\n    invoice: 30,\n  }\n",
			want: "tables:\n  terms: {cash: 0,\n    invoice: 30, gift: 14\n  }\n"},
		{name: "a comment at the end", table: "terms", keys: "gift", value: `14`, text: "tables:\n  terms: {cash: 0, # at once\n  }\n",
			want: "tables:\n  terms: {cash: 0, # at once\n   gift: 14}\n"},
		{name: "characters of more than a byte", table: "terms", keys: "gïft", value: `"élan"`, text: "tables: {terms: {é: \"ü\"}} # ö\n",
			want: "tables: {terms: {é: \"ü\", \"gïft\": \"élan\"}} # ö\n"},
		{name: "lines of Windows", table: "terms", keys: "gift", value: `14`, text: "tables:\r\n  terms:\r\n    cash: 0\r\nnote: x\r\n",
			want: "tables:\r\n  terms:\r\n    cash: 0\r\n    gift: 14\r\nnote: x\r\n"},
		{name: "it is there", table: "terms", keys: "cash", value: `14`, text: "tables: {terms: {cash: 0}}\n", refuse: project.ErrHasEntry},
		{name: "a value where a table would have to be", table: "terms", keys: "cash NL", value: `14`, text: "tables: {terms: {cash: 0}}\n", refuse: project.ErrHasEntry},
		{name: "the mapping has it", table: "terms", keys: "cash", value: `14`, base: `{"cash":0}`, text: "from: a\n", refuse: project.ErrHasEntry},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := project.AddEntry("flows/f.yaml", []byte(tt.text), project.Entry{Table: tt.table, Keys: strings.Fields(tt.keys), Value: []byte(tt.value), Base: []byte(tt.base)})
			if !errors.Is(err, tt.refuse) || tt.refuse == nil && err != nil {
				t.Fatalf("got %v, want %v", err, tt.refuse)
			}
			if string(got) != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
	if _, err := project.AddEntry("flows/f.yaml", []byte("tables: {a: {b"), project.Entry{Table: "a", Keys: []string{"c"}, Value: []byte("1")}); err == nil {
		t.Error("a file that is no YAML took an entry")
	}
}
