package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Cluster is an existing NATS cluster with JetStream.
type Cluster struct {
	// URL is where its servers are: nats://one:4222,nats://two:4222.
	URL string `json:"url"`
	// Credentials is a .creds file; User and Password, or Token, are the other ways to prove who we are.
	Credentials string `json:"credentials"`
	User        string `json:"user"`
	Password    string `json:"password"`
	Token       string `json:"token"`
	// CA, Certificate and Key are PEM files for TLS: whom to believe, and who we are.
	CA          string `json:"ca"`
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
	// Replicas is on how many servers everything is kept: 1, 3 or 5 (default 3).
	Replicas int `json:"replicas"`
}

// Check says what is wrong with the settings.
func (c Cluster) Check() error {
	switch {
	case c.URL == "":
		return errors.New("server.nats has no url")
	case c.Replicas != 0 && c.Replicas != 1 && c.Replicas != 3 && c.Replicas != 5:
		return fmt.Errorf("server.nats.replicas is %d: it is 1, 3 or 5", c.Replicas)
	case (c.Certificate == "") != (c.Key == ""):
		return errors.New("server.nats has one of certificate and key: it takes both")
	}
	return nil
}

// connectCluster connects, and connects again whenever the connection is lost.
func (r *Runtime) connectCluster(c Cluster) error {
	if c.Replicas == 0 {
		c.Replicas = 3
	}
	if err := c.Check(); err != nil {
		return err
	}
	opts := []nats.Option{nats.Name("crosswalk"), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond), nats.Timeout(10 * time.Second),
		nats.SyncQueueLen(waitingMost)}
	if c.Credentials != "" {
		opts = append(opts, nats.UserCredentials(c.Credentials))
	}
	if c.User != "" {
		opts = append(opts, nats.UserInfo(c.User, c.Password))
	}
	if c.Token != "" {
		opts = append(opts, nats.Token(c.Token))
	}
	if c.CA != "" {
		opts = append(opts, nats.RootCAs(c.CA))
	}
	if c.Certificate != "" {
		opts = append(opts, nats.ClientCert(c.Certificate, c.Key))
	}
	conn, err := nats.Connect(c.URL, opts...)
	if err != nil {
		return err
	}
	r.conn, r.replicas = conn, c.Replicas
	return nil
}

// clusterPatience is how long a cluster that is only just starting is waited for.
const clusterPatience = 30 * time.Second

// prepareCluster is prepare, again where the servers have not chosen their leaders yet.
func (r *Runtime) prepareCluster(ctx context.Context) error {
	for end := time.Now().Add(clusterPatience); ; {
		attempt, done := context.WithTimeout(ctx, 5*time.Second)
		err := r.prepare(attempt)
		done()
		passes := errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, context.DeadlineExceeded) ||
			errors.Is(err, jetstream.ErrNoStreamResponse) || unready(err)
		if err == nil || !passes || time.Now().After(end) || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// unready tells whether an error is that of servers that are not all there: 503, such as "insufficient resources" while the third one joins.
func unready(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.Code == 503 || api.ErrorCode == 10005)
}
