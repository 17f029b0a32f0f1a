package peers

import (
	"context"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/bench/mappings"
)

func crosswalk(mapping string) (Func, error) {
	m, err := engine.Load(mapping+".yaml", engine.Files(mappings.FS))
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	return func(src []byte) ([]byte, error) { return m.Apply(ctx, src, engine.Input{}) }, nil
}
