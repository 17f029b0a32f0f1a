package language

// contextDocs explains the names that every expression knows.
var contextDocs = map[string]string{
	"doc":      "The whole source document. A field that has the name of something else is read as `doc.name`.",
	"source":   "In a write mapping, the raw document of the source system.",
	"settings": "The flow's settings over the declared defaults.",
	"tables":   "The lookup tables: the flow's over those of the file.",
	"links":    "What the target knows: ids of the customer and the products, reference data.",
	"now":      "The run's instant, RFC 3339.",
	"out":      "What the rules above have made.",
	"current":  "On update, the target's present document.",
}

// operators can follow a value.
var operators = []string{"and", "or", "in", "not in", "contains", "startsWith", "endsWith", "matches"}
