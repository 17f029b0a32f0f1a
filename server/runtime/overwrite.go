package runtime

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

// Overwrite removes a message of a stream and overwrites it on the disk. One that is gone already is no error.
func Overwrite(ctx context.Context, s jetstream.Stream, seq uint64) error {
	err := s.SecureDeleteMsg(ctx, seq)
	if err == nil || errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	// The server says no more than that it failed.
	if _, missing := s.GetMsg(ctx, seq); errors.Is(missing, jetstream.ErrMsgNotFound) {
		return nil
	}
	return err
}
