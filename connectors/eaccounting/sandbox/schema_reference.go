package sandbox

// Reference data and the company itself.
var companySchema = newSchema(
	integer("AccountNumberDigits").readOnly(),
	integer("AccountingLockInterval").oneOf(0, 1, 2, 3, 4).readOnly(),
	date("AccountingLockedTo").readOnly(),
	texts("ActivatedModules").readOnly(),
	text("Address1", 40),
	text("Address2", 40),
	nested("ApprovalSettings", unseenSchema),
	nested("AutoInvoice", unseenSchema),
	text("BankAccount", 0).readOnly(),
	text("BankGiro", 0),
	text("BankgiroNumberPrint", 0),
	text("City", 40),
	nested("CompanyGreenTechnologySettings", unseenSchema).readOnly(),
	text("CompanyIdentifier", 0).readOnly(),
	nested("CompanyRotRutSettings", unseenSchema).readOnly(),
	integer("CompanyStatus").oneOf(0, 1, 2).readOnly(),
	nested("CompanyText", unseenSchema),
	text("CorporateIdentityNumber", 0).readOnly(),
	text("CountryCode", 2),
	text("CurrencyCode", 0).readOnly(),
	integer("DomesticCurrencyRounding").oneOf(0, 1).readOnly(),
	text("Email", 255),
	text("Gln", 0).readOnly(),
	boolean("HasProportionalVatEnabled").readOnly(),
	text("Iban", 0).readOnly(),
	boolean("IsPayslipActivated").readOnly(),
	boolean("KeepOriginalDraftDate"),
	text("MobilePhone", 20),
	text("Name", 100),
	integer("NextArticleNumber").readOnly(),
	integer("NextCustomerInvoiceNumber").readOnly(),
	integer("NextCustomerNumber").readOnly(),
	integer("NextOrderNumber").readOnly(),
	integer("NextQuoteNumber").readOnly(),
	integer("NextSupplierNumber").readOnly(),
	text("OurReference", 100),
	text("PeppolId", 0).readOnly(),
	text("Phone", 20),
	text("PlusGiro", 0),
	text("PostalCode", 10),
	integer("ProductVariant").oneOf(1, 2, 3, 4, 5, 6).readOnly(),
	integer("ProportionalVatValue").readOnly(),
	boolean("ShowContributionMargin").readOnly(),
	boolean("ShowCostCenterReminder").readOnly(),
	boolean("ShowPricesExclVatPC").readOnly(),
	boolean("ShowProjectReminder").readOnly(),
	nested("TaxDeclarationDate", unseenSchema).readOnly(),
	guid("TermsOfPaymentId").readOnly(),
	integer("TypeOfBusiness").oneOf(1, 2, 3, 4, 5, 6, 7, 9).readOnly(),
	boolean("UseAutomaticVatCalculation"),
	boolean("UsePaymentFilesForOutgoingPayments"),
	boolean("UsesCostCenter").readOnly(),
	boolean("UsesGreenTechnology").readOnly(),
	boolean("UsesMoss"),
	boolean("UsesPaymentReferenceNumber"),
	boolean("UsesProject").readOnly(),
	boolean("UsesReverseConstructionVat"),
	boolean("UsesRotReducedInvoicing"),
	text("VatCode", 0).readOnly(),
	integer("VatPeriod").oneOf(1, 2, 3, 4, 5, 6, 7, 8, 9).readOnly(),
	text("Website", 255),
)

var codingSchema = newSchema(
	guid("Id").readOnly(),
	text("Name", 0),
	text("NameEnglish", 0),
	text("Type", 0),
	text("VatRate", 0),
	boolean("IsActive"),
	decimal("VatRatePercent", anyPlaces),
	integer("DomesticSalesSubjectToReversedConstructionVatAccountNumber"),
	integer("DomesticSalesSubjectToVatAccountNumber"),
	integer("DomesticSalesVatExemptAccountNumber"),
	integer("ForeignSalesSubjectToMossAccountNumber"),
	integer("ForeignSalesSubjectToThirdPartySalesAccountNumber"),
	integer("ForeignSalesSubjectToVatWithinEuAccountNumber"),
	integer("ForeignSalesVatExemptOutsideEuAccountNumber"),
	integer("ForeignSalesVatExemptWithinEuAccountNumber"),
	integer("DomesticSalesVatCodeExemptAccountNumber"),
	instant("ChangedUtc").readOnly(),
)

var termsSchema = newSchema(
	guid("Id").readOnly(),
	text("Name", 0),
	text("NameEnglish", 0),
	integer("NumberOfDays"),
	integer("TermsOfPaymentTypeId").or(0),
	text("TermsOfPaymentTypeText", 0),
	boolean("AvailableForSales"),
	boolean("AvailableForPurchase"),
)

var vatCodeSchema = newSchema(
	text("Code", 0),
	text("Description", 0),
	guid("Id"),
	integer("OssCodeType").oneOf(0, 1, 2).or(0),
	nested("RelatedAccounts", relatedAccountsSchema),
	decimal("VatRate", anyPlaces).orNull(),
)

var relatedAccountsSchema = newSchema(
	integer("AccountNumber1"),
	integer("AccountNumber2"),
	integer("AccountNumber3"),
)

var fiscalYearSchema = newSchema(
	integer("BookkeepingMethod").oneOf(0, 1, 2).readOnly(),
	date("EndDate"),
	guid("Id").readOnly(),
	boolean("IsLockedForAccounting").readOnly(),
	date("StartDate"),
)

var unitSchema = newSchema(
	guid("Id"),
	text("Name", 0),
	text("Code", 0),
	text("Abbreviation", 0),
	text("AbbreviationEnglish", 0),
)

var deliveryMethodSchema = newSchema(
	text("Code", 20),
	guid("Id").readOnly(),
	text("Name", 100).required(),
	text("NameEnglish", 200),
)

var deliveryTermSchema = newSchema(
	text("Code", 20),
	boolean("Editable"),
	guid("Id").readOnly(),
	text("Name", 100).required(),
	text("NameEnglish", 200),
)

var accountSchema = newSchema(
	instant("CreatedUtc").readOnly(),
	guid("FiscalYearId").required(),
	boolean("IsActive").required(),
	boolean("IsBlockedForManualBooking"),
	boolean("IsCostCenterAllowed"),
	boolean("IsProjectAllowed"),
	instant("ModifiedUtc").readOnly(),
	text("Name", 100).required(),
	text("Number", 0).required(),
	text("ReferenceCode", 0).readOnly(),
	integer("Type").readOnly(),
	text("TypeDescription", 0).readOnly(),
	text("VatCodeDescription", 0).readOnly(),
	guid("VatCodeId"),
)

var countrySchema = newSchema(
	text("Code", 0),
	text("Name", 0),
	text("NameEnglish", 0),
	boolean("IsEuMember"),
)

var currencySchema = newSchema(
	text("Code", 0),
)

// unseenSchema stands for a nested object of which no example is known: it is always null.
var unseenSchema = newSchema()
