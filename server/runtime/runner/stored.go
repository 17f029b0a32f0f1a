package runner

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

// seal writes v as JSON that nobody can read without the store's key. What v is of tells seals of one kind from those of others.
func (e *Engine) seal(v any, of string) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return e.sealer.Queue().Seal(plain, of)
}

// unseal reads into v what seal wrote.
func (e *Engine) unseal(sealed []byte, of string, v any) error {
	plain, err := e.sealer.Queue().Open(sealed, of)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, v)
}

// readControl reads into v what the control bucket has under a key; where it has nothing, v stays as it is.
func (e *Engine) readControl(ctx context.Context, key string, v any) error {
	entry, err := e.control.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(entry.Value(), v)
}
