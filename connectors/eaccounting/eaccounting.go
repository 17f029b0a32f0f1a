// Package eaccounting speaks the API v2 of Visma eAccounting (Spiris Bokföring &
// Fakturering in Sweden): customers, articles, quotes, orders, invoice drafts and invoices.
// It is not for deciding what to send, nor for mapping: rows, price basis and lengths are a
// mapping's business, which [Connector.Totals] lets a flow check before it sends.
// Start with [System]; sandbox/ is the API's imitation.
package eaccounting

import (
	"fmt"
	"strconv"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Name is the system's word in mappings and flows.
const Name = "eaccounting"

// The vendor's own hosts. Test companies live on them too.
const (
	DefaultURL         = "https://eaccountingapi.vismaonline.com/v2"
	DefaultIdentityURL = "https://identity.vismaonline.com"
)

// callsPerMinute is what the vendor grants for each endpoint, lookback how many documents are searched unless said.
const (
	callsPerMinute = 600
	lookback       = 5000
)

// The names of credentials and options.
const (
	credClientID     = "clientId"
	credClientSecret = "clientSecret"
	credRefreshToken = "refreshToken"

	optIdentityURL    = "identityURL"
	optCallsPerMinute = "callsPerMinute"
	optLookback       = "lookback"
	optVATRounding    = "vatRounding"
)

// System describes eAccounting and opens connections to it.
func System() connectors.System {
	return connectors.System{
		Spec: spec(),
		Open: func(cfg connectors.Config) (connectors.Connector, error) {
			c, err := Open(cfg)
			if err != nil {
				return nil, err
			}
			return c, nil
		},
		Sandbox: func(o connectors.SandboxOptions) connectors.Sandbox { return sandbox.New(o) },
	}
}

func spec() connectors.Spec {
	s := connectors.Spec{
		Name:    Name,
		Title:   "Visma eAccounting",
		Address: DefaultURL,
		Credentials: []connectors.Credential{
			{Name: credClientID, Title: "Client id", Needed: true,
				Help: "The client id of your integration, from Visma's developer portal."},
			{Name: credClientSecret, Title: "Client secret", Secret: true, Needed: true,
				Help: "The secret that Visma showed when the client was made. A lost one can be renewed in the developer portal."},
			{Name: credRefreshToken, Title: "Refresh token", Secret: true, Needed: true,
				Help: "What a consent of the company's user gives, for one company, with the scopes ea:api offline_access ea:sales " +
					"(and ea:accounting_readonly for VAT codes and accounts). It starts the chain; replaced tokens are kept by Crosswalk. " +
					"When that user changes the password, a new consent is needed."},
		},
		CallsPerMinute: 600, BudgetPer: "partner",
		References: []connectors.Reference{
			{Name: "companySettings", Help: "The company: country, currency, price basis of private persons, rounding, modules.", Feeds: []connectors.Feed{{Key: "CountryCode", Outer: []string{"taxCodes"}}}},
			{Name: "termsOfPayment", Help: "Terms of payment: Name, NumberOfDays.", Feeds: []connectors.Feed{{Key: "Name", Values: []string{"paymentTerms"}}}},
			{Name: "units", Help: "Units of articles."},
			{Name: "deliveryMethods", Help: "Delivery methods: documents copy Name and Code.", Feeds: []connectors.Feed{{Key: "Name", Keys: []string{"shippingMethods"}, Values: []string{"deliveryMethods"}}}},
			{Name: "deliveryTerms", Help: "Delivery terms: documents copy Name and Code."},
			{Name: "articleAccountCodings", Help: "What decides the VAT rate and the revenue accounts of an article.", Feeds: []connectors.Feed{
				{Key: "Name", Keys: []string{"taxRates"}, Values: []string{"taxCodes"}},
				{Key: "VatRatePercent", Fraction: true, Spare: []string{"shippingArticles", "discountArticles", "feeArticles", "taxCodes"}},
			}},
			{Name: "currencies", Help: "Currency codes of the company."},
			{Name: "countries", Help: "Countries and whether they are members of the EU."},
			{Name: "fiscalYears", Help: "Fiscal years; a document's date must lie in one."},
			{Name: "vatCodes", Help: "VAT codes; needs the scope ea:accounting_readonly."},
			{Name: "accounts", Help: "Ledger accounts of all fiscal years; needs the scope ea:accounting_readonly.", Feeds: []connectors.Feed{{Key: "Number", Label: "Name", Values: []string{"revenueAccounts"}}}},
		},
	}
	s.Options = []connectors.Option{
		{Name: optCallsPerMinute, Default: strconv.Itoa(callsPerMinute),
			Help: "What Crosswalk takes of the calls a minute that every endpoint takes; the vendor counts all companies of one client id together."},
		{Name: optLookback, Default: strconv.Itoa(lookback), Help: "How many of the newest documents are searched where the API cannot filter by reference."},
		{Name: optVATRounding, Default: "rate", Choices: []string{"rate", "row"}, Help: "How the company rounds VAT, which decides what a document will add up to."},
		{Name: optIdentityURL, Default: DefaultIdentityURL + ", or the host of url where that is not the vendor's", Help: "The identity server that gives tokens."},
	}
	s.CallsPerMinute, s.BudgetPer = callsPerMinute, "partner"
	s.Limits = fmt.Sprintf("%d calls a minute for each endpoint, counted for the client id: all companies that use it share them.", callsPerMinute)
	s.Impossible = map[string]string{
		"variants": "An article has one number and no options: the API knows no variants.",
		"grouped":  "The API has no article that is made of others.",
	}
	for _, r := range resources {
		s.Resources = append(s.Resources, r.declared())
	}
	return s
}

func (r *resource) declared() connectors.Resource {
	out := connectors.Resource{
		Name: r.name, Entity: r.entity, Title: r.title,
		Help: r.help, Read: r.stamp != "", Create: r.reason == "", Update: r.update, Probes: r.probes(), Impossible: map[string]string{},
	}
	if r.update {
		out.Writes = connectors.WriteReplace
	}
	if r.entity == port.Product {
		out.ProductTypes = []string{"simple"}
	}
	if r.stamp == "" {
		out.Impossible["read"] = "The API has no change stamp for it, only the instant of its creation."
	}
	switch {
	case r.reason != "":
		out.Impossible["create"], out.Impossible["update"] = r.reason, r.reason
	case !r.update:
		out.Impossible["update"] = "A booked invoice cannot be changed: the API has no PUT for it."
	}
	return out
}

var (
	_ connectors.Connector = (*Connector)(nil)
	_ connectors.Accounts  = (*Connector)(nil)
	_ port.Totaler         = (*Connector)(nil)
)
