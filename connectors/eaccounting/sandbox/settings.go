package sandbox

import "time"

// Settings are what a test or a demo may change about the company, the
// partner's client and the behaviour that nobody has proven yet.
type Settings struct {
	// ShowPricesExclVatPC makes prices of private persons exclusive of VAT.
	ShowPricesExclVatPC bool
	// RoundTotals rounds payable totals to whole units, as in Sweden and Norway.
	RoundTotals bool
	// StockModule makes StockBalance read-only.
	StockModule bool
	// KeepOriginalDraftDate keeps the date of a draft when it is booked.
	KeepOriginalDraftDate bool
	// Modules are the activated ones: api_standard, sales_standard, quote_standard.
	Modules []string
	// Variant is the product: 1 Standard, 2 Invoicing, 3 Bookkeeping, 4 Solo, 5 Pro.
	Variant int
	// Inactive closes the company, SetUpUnfinished leaves its start-up guide open,
	// ReadOnlyUser takes the right to write from the user.
	Inactive, SetUpUnfinished, ReadOnlyUser bool
	// UnknownVATNumbers are those that VIES does not confirm.
	UnknownVATNumbers []string

	// Scopes are what the merchant consented to.
	Scopes []string
	// RotateRefreshTokens kills a refresh token when it is used, as for clients
	// that were registered early.
	RotateRefreshTokens bool
	// AccessTokenLife and RefreshTokenLife end tokens; 0 means 60 minutes and never.
	AccessTokenLife, RefreshTokenLife time.Duration
	// CallsPerMinute is the limit for each client and endpoint; 0 means 600.
	CallsPerMinute int

	Unproven Unproven
}

// Unproven are switches for claims about the API that no evidence settles. The
// zero value takes the lenient reading of each.
type Unproven struct {
	CaseSensitivePaths     bool // paths must be lower case
	StrictInput            bool // unknown members and values of another type are refused
	RequiredAsDescribed    bool // members that only the description demands are demanded
	RefuseUncertainFilters bool // only members that were seen working can be filtered
	RefuseStartsEndsWith   bool // startswith and endswith are refused
	CaseSensitiveText      bool // text is compared by case in filters and unique keys
	RefuseLargePages       bool // $pagesize over 1000 is an error; else it is clamped
	PageBeyondEndIsError   bool // a page beyond the last is an error; else it is empty
	DeleteHasNoContent     bool // DELETE answers 204; else 200
	PutHasNoBody           bool // PUT of orders and quotes answers an empty body
	MissingInBodyIs404     bool // an unknown id in a body answers 404; else 400
	BadClientIs401         bool // the token endpoint answers 401 for a bad client; else 400
	NoDefaultCountry       bool // a customer without a country stays without
	OrderAmountIsNet       bool // Amount of orders and TotalAmount of quotes exclude VAT for private persons too
	KeepSentAmounts        bool // amounts that were sent with an order are kept
	QuoteTextRowsRefused   bool // a quote's row without an article is refused
	VATPerRow              bool // VAT is rounded for each row; else for each rate
	PercentVatIsPercentage bool // PercentVat is 25; else 0.25
	ConversionDropsRef     bool // conversion does not copy BuyersOrderReference
	StockLeavesChangedUtc  bool // a stock movement leaves the article's ChangedUtc alone
	ReadOnlyScopeWrites    bool // ea:sales_readonly may post invoices, as the description says
	DraftShowsToday        bool // a draft shows today as its date unless KeepOriginalDraftDate is on
}

// Strict is the unkind reading of every unproven claim.
func Strict() Unproven {
	return Unproven{
		CaseSensitivePaths: true, StrictInput: true, RequiredAsDescribed: true, RefuseUncertainFilters: true,
		RefuseStartsEndsWith: true, CaseSensitiveText: true, RefuseLargePages: true, PageBeyondEndIsError: true,
		DeleteHasNoContent: true, PutHasNoBody: true, MissingInBodyIs404: true, BadClientIs401: true,
		NoDefaultCountry: true, OrderAmountIsNet: true, KeepSentAmounts: true, QuoteTextRowsRefused: true,
		VATPerRow: true, PercentVatIsPercentage: true, ConversionDropsRef: true, StockLeavesChangedUtc: true,
		DraftShowsToday: true,
	}
}

func defaults() Settings {
	return Settings{
		Modules: []string{"api_standard", "sales_standard", "quote_standard"},
		Variant: 5,
		Scopes:  []string{"ea:api", "offline_access", "ea:sales", "ea:accounting_readonly"},
	}
}

func (s Settings) accessTokenLife() time.Duration {
	if s.AccessTokenLife > 0 {
		return s.AccessTokenLife
	}
	return time.Hour
}

func (s Settings) callsPerMinute() int {
	if s.CallsPerMinute > 0 {
		return s.CallsPerMinute
	}
	return 600
}
