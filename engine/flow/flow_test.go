package flow_test

import (
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestNewRefuses(t *testing.T) {
	cases := map[string]struct {
		change func(*flow.Flow)
		says   string
	}{
		"entity":             {func(f *flow.Flow) { f.Entity = "gift" }, `no entity "gift"`},
		"no mapping":         {func(f *flow.Flow) { f.Mappings.Write = nil }, "a read and a write mapping"},
		"no customer":        {func(f *flow.Flow) { f.Mappings.CustomerWrite = nil }, "settings.defaultCustomer"},
		"no article":         {func(f *flow.Flow) { f.Settings, f.Mappings.ProductWrite = []byte(`{"missingProduct":"create"}`), nil }, "product write mapping"},
		"missingProduct":     {func(f *flow.Flow) { f.Settings = []byte(`{"missingProduct":"drop"}`) }, `cannot be "drop": it is one of fail, create, ignore`},
		"customerMatch":      {func(f *flow.Flow) { f.Settings = []byte(`{"customerMatch":["name"]}`) }, `cannot be "name": it is one of link, email, number`},
		"empty match":        {func(f *flow.Flow) { f.Settings = []byte(`{"customerMatch":[]}`) }, "one or more of"},
		"updateCustomer":     {func(f *flow.Flow) { f.Settings = []byte(`{"updateCustomer":"yes"}`) }, "must be a boolean"},
		"defaults":           {func(f *flow.Flow) { f.Settings = []byte(`{"defaults":{"lines.#.sku":"x"}}`) }, "no path of fields"},
		"settings":           {func(f *flow.Flow) { f.Settings = []byte(`[]`) }, "not a JSON object"},
		"resources":          {func(f *flow.Flow) { f.Resources.Target = "" }, "resources"},
		"roundingLimit":      {func(f *flow.Flow) { f.Settings = []byte(`{"roundingLimit":-0.01}`) }, "from 0 to 1"},
		"roundingLimit text": {func(f *flow.Flow) { f.Settings = []byte(`{"roundingLimit":"0.01"}`) }, "must be a number"},
		"a debtor without customers": {func(f *flow.Flow) {
			f.Settings, f.Resources.Customer = []byte(`{"defaultCustomer":"1"}`), ""
		}, "no customer of their own"},
		"stock from a day on": {func(f *flow.Flow) { f.Entity, f.Start = port.Stock, epoch }, "stock has no start"},
		"a share beyond all":  {func(f *flow.Flow) { f.Entity, f.Settings = port.Stock, []byte(`{"maxZeroed":101}`) }, "from 0 to 100"},
		"defaults no object":  {func(f *flow.Flow) { f.Settings = []byte(`{"defaults":1}`) }, "must be an object"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			c.change(&w.flow)
			_, err := flow.New(w.flow, flow.Systems{Source: w.shop, Target: w.books, Links: w.store, Cursors: w.store}, flow.Pace{})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error %v, want one that says %q", err, c.says)
			}
		})
	}
	if _, err := flow.New(newWorld().flow, flow.Systems{}, flow.Pace{}); err == nil {
		t.Error("a flow without systems was accepted")
	}
}
