// Package mappingtest runs the tests that live beside mappings, the files *.test.yaml: each case maps a document and compares what
// comes out, field by field. It is not a testing framework for Go code and prints nothing: the command line and go test
// show its [Report]. Start with [Run].
//
// A test file names a mapping and its cases:
//
//	mapping: order.read.yaml          # relative to this file, or a name of the library
//	links: {...}                      # for every case: write, source, settings, tables, links, current, now
//	cases:
//	  - name: a company with a VAT number
//	    input: {file: testdata/order-company.json}   # or the document itself
//	    expect: {customer: {type: company}}          # these fields; a list is compared element by element
//	    absent: [customer.phone]                     # and these fields are not there
//	  - name: the whole order
//	    input: {file: testdata/order-company.json}
//	    exactly: {file: testdata/order-company.canonical.json}
//	  - name: an unknown payment method
//	    input: {transactions: [{paymentMethod: {technicalName: barter}}]}
//	    fails: [CW2003]
//
// What a case says itself replaces, member by member, what the file says for every case. Numbers are equal when their exact
// values are (19.1 is 19.10); a difference shows them as they are written.
package mappingtest
