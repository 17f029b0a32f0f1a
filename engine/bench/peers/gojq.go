package peers

import (
	"encoding/json"
	"fmt"

	"github.com/itchyny/gojq"

	"github.com/crosswalk-go/crosswalk/engine/bench/mappings"
)

// gojqMapping decodes with encoding/json as gojq's own command line does, but into floats, which is faster.
func gojqMapping(mapping string) (Func, error) {
	var text string
	switch mapping {
	case "product":
		text = mappings.Text("product.jq") + "product"
	case "catalogue":
		text = mappings.Text("product.jq") + "{items: [.[] | product]}"
	default:
		text = mappings.Text(mapping + ".jq")
	}
	q, err := gojq.Parse(text)
	if err != nil {
		return nil, err
	}
	code, err := gojq.Compile(q)
	if err != nil {
		return nil, err
	}
	return func(src []byte) ([]byte, error) {
		var v any
		if err := json.Unmarshal(src, &v); err != nil {
			return nil, err
		}
		r, ok := code.Run(v).Next()
		if !ok {
			return nil, fmt.Errorf("the jq mapping %s gave nothing", mapping)
		}
		if err, ok := r.(error); ok {
			return nil, err
		}
		return gojq.Marshal(r)
	}, nil
}
