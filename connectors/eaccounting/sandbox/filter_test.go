package sandbox_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
)

func TestFilter(t *testing.T) {
	a := open(t)
	company := a.customer("inkoop@example.nl")
	a.want(a.do("POST", "customers", with(a.person(), body{"Name": "O'Neill", "EmailAddress": "o'neill@example.com", "IsActive": false})), 201, 0)
	a.want(a.do("POST", "customerinvoices", body{"CustomerId": company, "Rows": []body{
		{"ArticleId": a.article("NK-MUG-350"), "Quantity": 2, "UnitPrice": 10, "Text": "Blue mugs"}, {"Text": "Thank you"}}}), 201, 0)
	for _, c := range []struct {
		resource, filter string
		want             int64
	}{
		{"customers", "EmailAddress eq 'inkoop@example.nl'", 1},
		{"customers", "EmailAddress eq 'INKOOP@example.nl'", 1},
		{"customers", "EmailAddress eq 'o''neill@example.com'", 1},
		{"customers", "EmailAddress ne 'inkoop@example.nl'", 3},
		{"customers", "EmailAddress eq null", 0},
		{"customers", "CorporateIdentityNumber ne null", 1},
		{"customers", "IsActive eq false", 1},
		{"customers", "IsActive", 3},
		{"customers", "not IsActive", 1},
		{"customers", "not (IsActive and contains(EmailAddress,'example.nl'))", 2},
		{"customers", "contains(EmailAddress,'@EXAMPLE.NL')", 2},
		{"customers", "startswith(EmailAddress,'o') or endswith(EmailAddress,'.com')", 2},
		{"customers", "IsActive eq true and EmailAddress eq 'inkoop@example.nl' or IsActive eq false", 2},
		{"customers", "IsActive eq true and (EmailAddress eq 'inkoop@example.nl' or IsActive eq false)", 1},
		{"customers", "ChangedUtc ge 2026-06-15T09:30:00.1234567Z", 4},
		{"customers", "ChangedUtc gt 2026-06-15T09:30:00.1234567Z", 0},
		{"customers", "ChangedUtc lt 2026-06-16", 4},
		{"customers", "2026-06-16 gt ChangedUtc", 4},
		{"customers", "Id eq " + company, 1},
		{"customers", "Id eq " + strings.ToUpper(company), 1},
		{"customers", "Id ne " + company, 3},
		{"articles", "CodingType eq 1", 11},
		{"articles", "CodingType eq 2", 0},
		{"articles", "contains(Number,'BEAN')", 2},
		{"accounts", "Number ge 8000 and Number lt 8030.5", 12},
		{"accounts", "Number eq 1300", 3},
		{"accounts", "Number eq '1300'", 3},
		{"customerinvoices", "TotalAmount gt 24.19 and TotalAmount lt 24.21", 1},
		{"customerinvoices", "-TotalAmount lt -20", 1},
		{"customerinvoices", "TotalAmount gt -1", 1},
		{"customerinvoices", "PaymentStatus eq 1", 1},
		{"customerinvoices", "Rows/any(r: contains(r/Text,'mugs'))", 1},
		{"customerinvoices", "Rows/any(r: contains(r/Text,'mugs') and contains(r/Text,'Thank'))", 0},
		{"customerinvoices", "Rows/any(r: contains(r/Text,'mugs')) and Rows/any(x: x/Text eq 'Thank you')", 1},
		{"customerinvoices", "CreatedFromOrderId eq null", 1},
	} {
		got := a.want(a.filter(c.resource, c.filter), 200, 0)
		if n := got.Get("Data.#").Int(); n != c.want || got.Get("Meta.TotalNumberOfResults").Int() != c.want {
			t.Errorf("%s: %s: %d documents, want %d", c.resource, c.filter, n, c.want)
		}
	}
}

func TestBadFilter(t *testing.T) {
	a := open(t)
	for _, c := range []struct {
		filter string
		code   int
	}{
		{"Phone eq '1'", 6000},
		{"Note eq 'x'", 6000}, // a member, but not one to filter by
		{"EmailAddress eq inkoop", 6000},
		{"EmailAddress eq 'open", 6000},
		{"EmailAddress = 'x'", 6000},
		{"EmailAddress eq 1", 6000},
		{"EmailAddress", 6000},
		{"IsActive eq 'true'", 6000},
		{"Id eq '7be4a250-13c9-4f8d-8e62-d05a9b7c1001'", 6000},
		{"(IsActive eq true", 6000},
		{"IsActive eq true)", 6000},
		{"IsActive and", 6000},
		{"IsActive and EmailAddress", 6000},
		{"not EmailAddress", 6000},
		{"-EmailAddress eq 'x'", 6000},
		{"tolower(EmailAddress) eq 'x'", 6000},
		{"contains(EmailAddress)", 6000},
		{"contains(EmailAddress,1)", 6000},
		{"Rows/any(r: r/Text eq 'x')", 6000}, // customers have no rows
		{"IsActive eq true & IsActive", 6000},
		{strings.Repeat("(", 1000) + "IsActive" + strings.Repeat(")", 1000), 6000},
		{strings.Repeat("not ", 1000) + "IsActive", 6000},
		{strings.Repeat("x", 5000), 6000},
		{"ChangedUtc gt 2026-13-01T00:00:00Z", 6001},
		{"ChangedUtc gt 2026-06-01T00:00:00", 6001},
		{"ChangedUtc gt 2026-06-01T00:00:00 02:00", 6001}, // a + that was not encoded
		{"ChangedUtc gt '2026-06-01T00:00:00Z'", 6001},
		{"ChangedUtc gt 20260601x", 6001},
	} {
		if got := a.filter("customers", c.filter); got.status != 400 || int(got.Get("ErrorCode").Int()) != c.code {
			t.Errorf("%.60s: %d %s, want 400/%d", c.filter, got.status, got.Raw, c.code)
		}
	}
}

func TestStrictFilters(t *testing.T) {
	a := open(t, func(s *sandbox.Settings) {
		s.Unproven.RefuseUncertainFilters, s.Unproven.RefuseStartsEndsWith, s.Unproven.CaseSensitiveText = true, true, true
	})
	a.want(a.filter("orders", "BuyersOrderReference eq '10001'"), 400, 6000)
	a.want(a.filter("orders", "ModifiedUtc gt 2026-01-01T00:00:00Z"), 400, 6000)
	a.want(a.filter("quotes", "CustomerId eq 7be4a250-13c9-4f8d-8e62-d05a9b7c1001"), 200, 0)
	a.want(a.filter("customers", "startswith(EmailAddress,'i')"), 400, 6000)
	if n := a.filter("customers", "EmailAddress eq 'sanne.devries@example.nl'").Get("Data.#").Int(); n != 0 {
		t.Errorf("%d", n)
	}
}

func TestOrderbySelectAndPages(t *testing.T) {
	a := open(t)
	numbers := func(q string) string {
		var out []string
		for _, d := range a.want(a.get("articles?"+q), 200, 0).Get("Data.#.Number").Array() {
			out = append(out, d.String())
		}
		return strings.Join(out, " ")
	}
	esc := url.QueryEscape
	for q, want := range map[string]string{
		"$pagesize=2&$orderby=Number":                                "DISC-0 DISC-21",
		"$pagesize=2&$page=2&$orderby=Number":                        "DISC-9 NK-BEAN-DARK-1000",
		"$pagesize=2&$page=99":                                       "",
		"$top=2&$skip=3&$orderby=Number":                             "NK-BEAN-DARK-1000 NK-BEAN-HOUSE-500",
		"$pagesize=2&$orderby=" + esc("GrossPrice desc"):             "NK-GRINDER-01 NK-TEE-BLACK-M",
		"$pagesize=2&$orderby=" + esc("IsActive,Number desc"):        "SHIP-9 SHIP-21",
		"PageNumber=2&PageSize=1&page=3&$pagesize=1&$orderby=Number": "DISC-0", // ignored without $
	} {
		if got := numbers(q); got != want {
			t.Errorf("%s: %s, want %s", q, got, want)
		}
	}
	one := a.get("articles?$select=Id,Number&$pagesize=1").Get("Data.0")
	if n := len(one.Map()); n != 2 {
		t.Errorf("$select gave %s", one.Raw)
	}
	if n := len(a.get("articles/" + a.article("SHIP-9") + "?$select=Number").Map()); n != 1 {
		t.Errorf("$select on one object gave %d members", n)
	}
	meta := a.get("articles?$top=3&$skip=6").Get("Meta")
	if meta.Get("CurrentPage").Int() != 3 || meta.Get("PageSize").Int() != 3 || meta.Get("TotalNumberOfPages").Int() != 4 ||
		meta.Get("ServerTimeUtc").String() != "2026-06-15T09:30:00.1234567Z" {
		t.Errorf("meta %s", meta.Raw)
	}
	for q, code := range map[string]int{"$page=0": 6000, "$pagesize=0": 6000, "$pagesize=x": 6000, "$skip=-1": 6000,
		"$orderby=Nope": 6000, "$orderby=" + esc("Number down"): 6000, "$orderby=ArticleLabels": 6000, "$select=Nope": 6000} {
		a.want(a.get("articles?"+q), 400, code)
	}
	if got := a.get("articles?$pagesize=5000").Get("Meta.PageSize").Int(); got != 1000 {
		t.Errorf("a large page is %d", got)
	}
	a.box.Configure(func(s *sandbox.Settings) { s.Unproven = sandbox.Strict() })
	a.want(a.get("articles?$pagesize=5000"), 400, 6000)
	a.want(a.get("articles?$page=99"), 400, 2000)
	a.want(a.get("Articles"), 404, 3000)
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"EmailAddress eq 'o''neill@example.com'", "ChangedUtc gt 2026-06-01T00:00:00Z and not (IsActive eq true)",
		"Rows/any(r: contains(r/Text,'x'))", "-TotalAmount le -1.5", "Id eq 7be4a250-13c9-4f8d-8e62-d05a9b7c1001",
		"CodingType eq 1 or Number ge 8000", "null eq null", "((((", "'", "not not not",
	} {
		f.Add(seed)
	}
	a := open(f, func(s *sandbox.Settings) { s.CallsPerMinute = 1 << 40 })
	resources := []string{"customers", "articles", "orders", "customerinvoices", "accounts"}
	f.Fuzz(func(t *testing.T, filter string) {
		a.t = t
		for _, resource := range resources {
			got := a.filter(resource, filter)
			switch code := got.Get("ErrorCode").Int(); {
			case got.status == 200 && gjson.Valid(got.Raw):
			case got.status == 400 && (code == 6000 || code == 6001) && gjson.Valid(got.Raw):
			default:
				t.Fatalf("%s %q: %d %s", resource, filter, got.status, got.Raw)
			}
		}
	})
}
