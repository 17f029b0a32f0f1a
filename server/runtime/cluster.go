package runtime

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
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

func (c Cluster) check() error {
	switch {
	case c.URL == "":
		return errors.New("server.nats has no url")
	case c.Replicas != 1 && c.Replicas != 3 && c.Replicas != 5:
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
	if err := c.check(); err != nil {
		return err
	}
	opts := []nats.Option{nats.Name("crosswalk"), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond), nats.Timeout(10 * time.Second)}
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
