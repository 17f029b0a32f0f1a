package sandbox

import (
	"net/url"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

func FuzzCriteria(f *testing.F) {
	for _, seed := range []string{
		`{"page":1,"limit":2,"total-count-mode":1,"sort":[{"field":"orderNumber"}],"associations":{"lineItems":{"associations":{"product":{}},"sort":[{"field":"position"}]}}}`,
		`{"filter":[{"type":"multi","operator":"OR","queries":[{"type":"range","field":"updatedAt","parameters":{"gte":"2026-11-21 20:00:00.000"}},{"type":"equals","field":"updatedAt","value":null}]}]}`,
		`{"filter":[{"type":"not","queries":[{"type":"equalsAny","field":"deliveries.stateId","value":"a|b"}]},{"type":"contains","field":"price.totalPrice","value":1}]}`,
		`{"filter":{"orderNumber":"10001"},"post-filter":[{"type":"range","field":"amountTotal","parameters":{"gt":1e5,"lte":"x"}}],"ids":"a|b"}`,
		`{"limit":"many","page":0,"aggregations":[{"name":"n","type":"terms","field":"stateMachineState.technicalName","aggregation":{"name":"m","type":"stats","field":"amountTotal"}}]}`,
		`{"sort":"-createdAt,id","includes":{"order":["id"],"calculated_price":[]},"fields":["id"],"total-count-mode":"next-pages"}`,
		`[]`, `null`, `{"filter":[1]}`, `{"associations":{"orderCustomer":{"limit":1}},"limit":5e-1}`,
	} {
		f.Add([]byte(seed))
	}
	s := New(demo)
	v := &view{s: s, lang: systemLanguage, by: &integration{}}
	order := s.schema.entities["order"]
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := decodeJSON(data)
		if err != nil {
			return
		}
		c, errs := parseCriteria(body, s.limits())
		if errs != nil {
			for _, e := range errs {
				if e.status != 400 || e.members.Text("code") == "" {
					t.Errorf("an error without code: %v", e)
				}
			}
			return
		}
		if c.limit < 1 || c.limit > 500 {
			t.Errorf("limit %d", c.limit)
		}
		if v.check(order, c) != nil {
			return
		}
		res := v.search(order, s.db.all(order), c)
		if len(res.rows) > c.limit && len(c.ids) == 0 || len(res.rows) > 10 {
			t.Errorf("%d rows", len(res.rows))
		}
		e := &encoder{view: v, includes: c.includes, fields: c.fields}
		out := jsondoc.EncodePHP(jsondoc.New("data", e.list(order, res.rows, c.associations, root), "aggregations", v.aggregate(order, res.all, c.aggregations)))
		if _, err := decodeJSON(out); err != nil {
			t.Errorf("answer is no JSON: %v", err)
		}
	})
}

func FuzzQueryCriteria(f *testing.F) {
	f.Add("limit=1&sort=-orderNumber&associations[lineItems][limit]=1&includes[order][]=orderNumber&includes[order][]=lineItems")
	f.Add("filter[0][type]=equals&filter[0][field]=id&a[b=c&[=x&a[]][=1")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		if _, err := decodeJSON(jsondoc.EncodePHP(queryCriteria(q))); err != nil && !strings.Contains(query, "[") {
			t.Errorf("%v", err)
		}
	})
}

func TestQueryCriteria(t *testing.T) {
	q, err := url.ParseQuery("limit=1&associations[lineItems][limit]=2&includes[order][]=orderNumber&includes[order][]=lineItems&filter[0][type]=equals&filter[0][field]=id")
	if err != nil {
		t.Fatal(err)
	}
	got := string(jsondoc.EncodePHP(queryCriteria(q)))
	want := `{"associations":{"lineItems":{"limit":"2"}},"filter":[{"field":"id","type":"equals"}],"includes":{"order":["orderNumber","lineItems"]},"limit":"1"}`
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestCriteriaProblemsAreAllTold(t *testing.T) {
	body, err := decodeJSON([]byte(`{"limit":501,"filter":[{"type":"equals","field":"a","value":""},{"type":"multi","queries":[{"type":"banana","field":"a"}]},{"type":"range","field":"a"}],"sort":[{}],
		"associations":{"lineItems":{"limit":0}},"aggregations":[{"name":"x","type":"magic"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	_, errs := parseCriteria(body, limits{max: 500, unasked: 500})
	var got []string
	for _, e := range errs {
		source, _ := e.members.Lookup("source")
		got = append(got, strings.TrimPrefix(e.members.Text("code"), "FRAMEWORK__")+" "+source.(*object).Text("pointer"))
	}
	want := `QUERY_LIMIT_EXCEEDED /limit
INVALID_FILTER_QUERY /filter/0/value
INVALID_FILTER_QUERY /filter/1/queries/0/type
INVALID_FILTER_QUERY /filter/2/parameters
INVALID_SORT_QUERY /sort/0
INVALID_LIMIT_QUERY /associations/lineItems/limit
INVALID_AGGREGATION_QUERY /aggregations/0/type`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}
