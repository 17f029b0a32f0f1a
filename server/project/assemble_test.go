package project

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// able are the test's systems with resources.
func able() []connectors.System {
	all := systems()
	all[0].Spec.Resources = []connectors.Resource{
		{Name: "order", Entity: port.Order, Read: true},
		{Name: "product", Entity: port.Product, Read: true, Probes: []string{port.KeySKU}},
	}
	all[1].Spec.Resources = []connectors.Resource{
		{Name: "customer", Entity: port.Customer, Create: true},
		{Name: "article", Entity: port.Product, Create: true},
		{Name: "order", Entity: port.Order, Create: true},
		{Name: "invoiceDraft", Entity: port.Order, Create: true},
		{Name: "invoice", Entity: port.Order, Impossible: map[string]string{"create": "a booked invoice is final"}},
		{Name: "stock", Entity: port.Stock, Read: true, Impossible: map[string]string{"update": "an outside rule"}},
	}
	all[1].Spec.References = []connectors.Reference{{Name: "companySettings"}, {Name: "units"}}
	return all
}

const flowHead = "from: webshop\nto: books\nentity: order\n"

func assemble(t *testing.T, files map[string]string) (flow.Flow, error) {
	t.Helper()
	files["crosswalk.yaml"] = goodMain
	return assembleIn(t, folder(t, files))
}

func assembleIn(t *testing.T, dir string) (flow.Flow, error) {
	t.Helper()
	p, err := Load(dir, able())
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.Flow("orders")
	if err != nil {
		t.Fatal(err)
	}
	return p.Assemble(f, mappings.FS)
}

func TestAssemble(t *testing.T) {
	f, err := assemble(t, map[string]string{
		"flows/orders.yaml": flowHead + "start: 2026-01-01\nlimit: 5\nwhere: paymentStatus == \"paid\"\n" +
			"settings: {orderType: invoiceDraft, customerMatch: [email], defaultCustomer: 1001, timeZone: Europe/Berlin}\n" +
			"tables: {shippingArticles: {21: SHIP-21}}\nmappings: {write: mappings/mine.yaml}\n",
		"mappings/mine.yaml": "extends: eaccounting/invoiceDraft.write\nrules:\n  YourReference: upper(number)\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	r := f.Resources
	if r.Source != "order" || r.SourceProduct != "product" || r.Target != "invoiceDraft" || r.Customer != "customer" || r.Product != "article" ||
		!slices.Equal(r.References, []string{"companySettings", "units"}) {
		t.Errorf("resources %+v", r)
	}
	m := f.Mappings
	if m.Read == nil || m.Write == nil || m.CustomerWrite == nil || m.ProductRead == nil || m.ProductWrite == nil {
		t.Errorf("mappings %+v", m)
	}
	if own, ok := m.Write.(*engine.Mapping); !ok || !strings.HasSuffix(own.Name(), "mine.yaml") {
		t.Errorf("the flow's own mapping was not taken: %v", m.Write)
	}
	if f.From != "shopware" || f.To != "eaccounting" || f.Limit != 5 || f.Where == nil || f.Start.IsZero() {
		t.Errorf("flow %+v", f)
	}
	pass, err := f.Where.Eval(t.Context(), []byte(`{"paymentStatus":"paid"}`), engine.Input{})
	if err != nil || !pass {
		t.Errorf("where: %v %v", pass, err)
	}
}

func TestAssembleSays(t *testing.T) {
	const kind = "settings: {orderType: invoiceDraft}\n"
	cases := []struct {
		name  string
		flow  string
		files map[string]string
		says  []string
	}{
		{name: "an entity that neither has", flow: "from: webshop\nto: books\nentity: stock\n", says: []string{"orders.yaml:1:7", "Shopware cannot be read for stock", "orders.yaml:2:5", "Visma eAccounting takes no stock", "an outside rule"}},
		{name: "a target that cannot be asked", flow: "from: webshop\nto: books\nentity: product\n", says: []string{"orders.yaml:2:5", "cannot be asked for products by sku"}},
		{name: "an order type that the API does not make", flow: flowHead + "settings: {orderType: invoice}\n", says: []string{`makes no "invoice" of an order`, "a booked invoice is final"}},
		{name: "a source type that is none", flow: flowHead + "settings: {orderType: order, sourceType: ordre}\n", says: []string{"orders.yaml:4:42", `cannot be read for orders as "ordre"`, `did you mean "order"?`}},
		{name: "a setting of another entity", flow: flowHead + "settings: {orderType: order, maxZeroed: 10}\n", says: []string{`unknown setting "maxZeroed"`}},
		{name: "a setting beyond what it may be", flow: flowHead + "settings: {orderType: order, roundingLimit: 2}\n", says: []string{"settings.roundingLimit must be a number from 0 to 1"}},
		{name: "no order type", flow: flowHead, says: []string{"orders.yaml:2:5", codeMissingKey, "order, invoiceDraft"}},
		{name: "a misspelt order type", flow: flowHead + "settings:\n  orderType: invoicedraft\n", says: []string{"orders.yaml:5:14", "makes no", `did you mean "invoiceDraft"?`}},
		{name: "an unknown setting", flow: flowHead + "settings:\n  orderType: order\n  missingProdukt: fail\n", says: []string{"orders.yaml:6:3", `did you mean "missingProduct"?`}},
		{name: "a setting of a mapping with the wrong type", flow: flowHead + "settings: {orderType: order, customerNote: 1}\n", says: []string{"customerNote must be a boolean"}},
		{name: "a choice that is none", flow: flowHead + "settings: {orderType: order, missingProduct: drop}\n", says: []string{`cannot be "drop": it is one of fail, create, ignore`}},
		{name: "a choice in a list that is none", flow: flowHead + "settings: {orderType: order, customerMatch: [link, nmae]}\n", says: []string{`cannot be "nmae"`}},
		{name: "a field that orders do not have", flow: flowHead + kind + "where: paymentStats == \"paid\"\n", says: []string{"orders.yaml:5:8", `"paymentStatus"`}},
		{name: "a quoted condition", flow: flowHead + kind + "where: 'paymentStats == \"paid\"'\n", says: []string{"orders.yaml:5:9"}},
		{name: "a condition in a block", flow: flowHead + kind + "where: |\n  status == \"open\" and\n    paymentStats == \"paid\"\n", says: []string{"orders.yaml:7:5"}},
		{name: "a mapping that is not there", flow: flowHead + kind + "mappings:\n  write: mappings/none.yaml\n", says: []string{"orders.yaml:6:10", codeReference, "mappings/none.yaml"}},
		{name: "a mapping for something else", flow: flowHead + kind + "mappings: {read: eaccounting/article.write}\n", says: []string{"makes eaccounting.article from product, and the flow needs order from shopware.order"}},
		{name: "a mapping with a mistake", flow: flowHead + kind + "mappings: {write: m.yaml}\n",
			files: map[string]string{"m.yaml": "extends: eaccounting/invoiceDraft.write\nrules:\n  YourReference: uper(number)\n"}, says: []string{"m.yaml:3:"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"flows/orders.yaml": c.flow}
			for name, text := range c.files {
				files[name] = text
			}
			_, err := assemble(t, files)
			var found engine.Diagnostics
			if !errors.As(err, &found) || len(found) == 0 {
				t.Fatalf("error %v", err)
			}
			text := found.Render()
			for _, s := range c.says {
				if !strings.Contains(text, s) {
					t.Errorf("it does not say %q:\n%s", s, text)
				}
			}
		})
	}
}

// TestAssembleAnOrderThatCarriesAll shows that customers and products are looked for only where the write mapping reads them.
func TestAssembleAnOrderThatCarriesAll(t *testing.T) {
	f, err := assemble(t, map[string]string{
		"flows/orders.yaml":  flowHead + "settings: {orderType: order}\nmappings: {write: mappings/mine.yaml}\n",
		"mappings/mine.yaml": "from: order\nto: eaccounting.order\nrules:\n  BuyersOrderReference: number\n  CustomerId: {value: x}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := f.Resources; r.Customer != "" || r.Product != "" || f.Mappings.CustomerWrite != nil || f.Mappings.ProductRead != nil {
		t.Errorf("resources %+v", r)
	}
}

// TestAssembleEntities puts together flows of the other entities, as the systems that are built in declare them.
func TestAssembleEntities(t *testing.T) {
	const connections = "connections:\n  webshop: {system: magento, url: https://shop.example.com, credentials: {accessToken: '${T}'}}\n" +
		"  books: {system: eaccounting, credentials: {clientId: '${T}', clientSecret: '${T}', refreshToken: '${T}'}}\n"
	cases := []struct {
		name, flow string
		source     string
		target     string
		says       string
	}{
		{name: "customers", flow: "entity: customer\nfrom: webshop\nto: books\nsettings: {customerMatch: [email], update: false, sendVatNumber: false}\n", source: "customer", target: "customer"},
		{name: "products", flow: "entity: product\nfrom: webshop\nto: books\nsettings: {prices: net, unit: st}\nwhere: type == \"simple\"\n", source: "product", target: "article"},
		{name: "stock", flow: "entity: stock\nfrom: books\nto: webshop\nsettings: {quantity: onHand - 1, stockType: stock}\nmappings: {write: mappings/stock.yaml}\n", source: "stock", target: "stock"},
		{name: "another kind of source", flow: "entity: order\nfrom: books\nto: books\nsettings: {sourceType: invoice, orderType: order}\n", source: "invoice", target: "order"},
		{name: "stock into the books", flow: "entity: stock\nfrom: webshop\nto: books\n", says: "StockBalance is read-only then"},
		{name: "drafts cannot be read", flow: "entity: order\nfrom: books\nto: books\nsettings: {sourceType: invoiceDraft, orderType: order}\n", says: "no change stamp"},
		{name: "a quantity with a slip", flow: "entity: stock\nfrom: books\nto: webshop\nsettings:\n  quantity: onHand - reservd\nmappings: {write: mappings/stock.yaml}\n", says: "orders.yaml:5:22"},
		{name: "a quantity of orders", flow: "entity: order\nfrom: webshop\nto: books\nsettings: {orderType: order, quantity: onHand}\n", says: `unknown setting "quantity"`},
		{name: "a where over another entity", flow: "entity: product\nfrom: webshop\nto: books\nwhere: paymentStatus == \"paid\"\n", says: "paymentStatus"},
		{name: "a mapping that only orders have", flow: "entity: product\nfrom: webshop\nto: books\nmappings: {customer: eaccounting/customer.write}\n", says: `a flow of products has no mapping "customer"`},
		{name: "stock from a day on", flow: "entity: stock\nfrom: books\nto: webshop\nstart: 2026-01-01\nmappings: {write: mappings/stock.yaml}\n", says: "stock has no start"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, err := Load(folder(t, map[string]string{"crosswalk.yaml": connections, "flows/orders.yaml": c.flow,
				"mappings/stock.yaml": "from: stock\nto: magento.stock\nrules: {sku: sku, quantity: available}\n"}), all.Systems())
			if err != nil {
				t.Fatal(err)
			}
			f, err := p.Assemble(p.Flows[0], mappings.FS)
			var found engine.Diagnostics
			switch {
			case c.says != "":
				if !errors.As(err, &found) || !strings.Contains(found.Render(), c.says) {
					t.Errorf("it does not say %q: %v", c.says, err)
				}
			case err != nil:
				t.Error(err)
			case f.Resources.Source != c.source || f.Resources.Target != c.target || f.Mappings.Read == nil || f.Mappings.Write == nil:
				t.Errorf("%+v", f.Resources)
			}
			if c.name == "stock" && (f.Quantity == nil || f.Mappings.TargetRead == nil || f.Resources.Product != "stockItem") {
				t.Errorf("%+v", f)
			}
			if c.name == "products" && f.Mappings.TargetRead == nil {
				t.Error("nothing tells what the target calls the options of a family")
			}
			if c.name == "products" && !slices.Equal(f.Resources.ProductTypes, []string{"simple"}) {
				t.Errorf("product types %v", f.Resources.ProductTypes)
			}
		})
	}
}

func TestAssembleWithoutLibrary(t *testing.T) {
	p, err := Load(folder(t, map[string]string{"crosswalk.yaml": goodMain, "flows/orders.yaml": flowHead + "settings: {orderType: order}\n"}), able())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = p.Assemble(p.Flows[0], noFiles{}); err == nil || !strings.Contains(err.Error(), "there is no mapping shopware/order.read") {
		t.Errorf("error %v", err)
	}
}

type noFiles struct{}

func (noFiles) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
