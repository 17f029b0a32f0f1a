package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
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

// defaultReplicas is on how many servers everything is kept unless the settings say otherwise.
const defaultReplicas = 3

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
	for _, one := range strings.Split(c.URL, ",") {
		if one = strings.TrimSpace(one); !strings.Contains(one, "://") {
			one = "nats://" + one // as the client takes it
		}
		u, err := url.Parse(one)
		switch {
		case err != nil:
			return errors.New("server.nats.url cannot be read: it is nats://one:4222,nats://two:4222") // its error repeats it, with what may be a password
		case u.User != nil:
			return errors.New("server.nats.url holds a secret, which is never written here: name it in server.nats.user and password, or in token")
		case u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "ws" && u.Scheme != "wss":
			return fmt.Errorf("server.nats.url begins with %s://: it is nats://one:4222,nats://two:4222, or tls://", u.Scheme)
		}
	}
	return nil
}

// files looks whether the files that the settings name can be read.
func (c Cluster) files() error {
	for _, f := range []struct{ name, path string }{{"credentials", c.Credentials}, {"ca", c.CA}, {"certificate", c.Certificate}, {"key", c.Key}} {
		if f.path == "" {
			continue
		}
		if _, err := os.ReadFile(f.path); err != nil {
			return fmt.Errorf("server.nats.%s: %w", f.name, err)
		}
	}
	return nil
}

// connectCluster connects, and connects again whenever the connection is lost, also where the cluster does not believe us for a while: credentials that are
// changed in their file are read anew each time.
func (r *Runtime) connectCluster(c Cluster, most time.Duration) error {
	if c.Replicas == 0 {
		c.Replicas = defaultReplicas
	}
	if err := errors.Join(c.Check(), c.files()); err != nil {
		return err
	}
	opts := []nats.Option{nats.Name("crosswalk"), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(), nats.ReconnectWait(500 * time.Millisecond), nats.Timeout(10 * time.Second),
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
	r.cluster = &clusterTrouble{settings: c, most: most, log: r.log}
	conn, err := nats.Connect(c.URL, append(opts, r.cluster.listen()...)...)
	if err != nil {
		return c.explain(err)
	}
	r.conn, r.replicas = conn, c.Replicas
	return nil
}

// clusterTrouble hears what the client is told besides the answers to what it asks.
type clusterTrouble struct {
	settings Cluster
	most     time.Duration // that is waited for
	log      *slog.Logger
	last     atomic.Pointer[error]
}

// listen returns what the client tells of.
func (t *clusterTrouble) listen() []nats.Option {
	tell := func(err error) {
		if err == nil {
			return
		}
		err = t.settings.explain(err)
		if was := t.last.Swap(&err); was == nil || (*was).Error() != err.Error() { // once, not at every attempt
			t.log.Error("the cluster", "error", err)
		}
	}
	return []nats.Option{
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { tell(err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { tell(err) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				t.log.Warn("the connection to the cluster is lost, and made anew", "error", err)
			}
		}),
		nats.ReconnectHandler(func(c *nats.Conn) {
			t.last.Store(nil)
			t.log.Info("the cluster is reached again", "server", c.ConnectedUrlRedacted())
		}),
	}
}

// why is what the client was told last, nil for nothing.
func (t *clusterTrouble) why() error {
	if t == nil {
		return nil
	}
	if err := t.last.Load(); err != nil {
		return *err
	}
	return nil
}

// How long a cluster is waited for that is only just starting: its servers have not chosen who leads, or one of them has not joined. What a server says of
// itself or of an account rarely passes.
const (
	clusterPatience = 30 * time.Second
	commandPatience = 10 * time.Second // of one that somebody waits for
	silencePatience = 10 * time.Second
	refusalPatience = 3 * time.Second
)

// patiently calls do, on a cluster again where its servers have not chosen their leaders yet, or are choosing others because one of them went.
func (r *Runtime) patiently(ctx context.Context, do func(context.Context) error) error {
	if r.cluster == nil {
		ctx, done := bounded(ctx)
		defer done()
		return do(ctx)
	}
	told := false
	for begun := time.Now(); ; {
		attempt, done := context.WithTimeout(ctx, 5*time.Second)
		err := do(attempt)
		done()
		if err == nil || ctx.Err() != nil {
			return err
		}
		patience := min(r.cluster.most, patienceWith(err))
		err = r.cluster.explained(err)
		if why := r.cluster.why(); why != nil {
			patience, err = min(patience, refusalPatience), fmt.Errorf("%w (%w)", why, err)
		}
		if time.Since(begun) > patience {
			return err
		}
		if !told && time.Since(begun) > time.Second {
			told = true
			r.log.Warn("waiting for the cluster", "for", patience, "error", err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// patienceWith is how long an error may last until it is believed.
func patienceWith(err error) time.Duration {
	api := apiError(err)
	switch code := api.ErrorCode; {
	case code == jetstream.JSErrCodeJetStreamNotEnabled || code == jetstream.JSErrCodeJetStreamNotEnabledForAccount:
		return refusalPatience
	case errors.Is(err, nats.ErrNoResponders):
		return silencePatience
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, jetstream.ErrNoStreamResponse) || code == noPeers || api.Code == 503:
		return clusterPatience
	}
	return 0
}

// Codes of JetStream's API that its client library has no name for.
const (
	noPeers           jetstream.ErrorCode = 10005
	replicasOnOne     jetstream.ErrorCode = 10074
	tooManyStreams    jetstream.ErrorCode = 10027
	storageExceeded   jetstream.ErrorCode = 10047
	memoryExceeded    jetstream.ErrorCode = 10028
	resourcesExceeded jetstream.ErrorCode = 10002
)

// apiError is what JetStream answered, of zeroes where it was not that.
func apiError(err error) jetstream.APIError {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return *api
	}
	var js jetstream.JetStreamError
	if errors.As(err, &js) && js.APIError() != nil {
		return *js.APIError()
	}
	return jetstream.APIError{}
}

// explained is explain for what is asked of a cluster once it is reached.
func (t *clusterTrouble) explained(err error) error {
	if t.settings.help(err) == "" {
		return err
	}
	return t.settings.explain(err)
}

// explain adds to an error of the client where it comes from and what can be done about it.
func (c Cluster) explain(err error) error {
	help := c.help(err)
	if help == "" {
		return fmt.Errorf("NATS at %s: %w", c.URL, err)
	}
	return fmt.Errorf("NATS at %s: %w. %s", c.URL, err, help)
}

func (c Cluster) help(err error) string {
	replicas := c.Replicas
	if replicas == 0 {
		replicas = defaultReplicas
	}
	api := apiError(err)
	switch code := api.ErrorCode; {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked), errors.Is(err, nats.ErrAccountAuthExpired):
		return "It does not believe who we are: set server.nats.credentials, user and password, or token to those of a user of it"
	case errors.Is(err, nats.ErrPermissionViolation):
		return "The user needs to publish and subscribe to $JS.API.>, $KV.>, _INBOX.> and the subjects of the streams: let it use everything in an account of its own"
	case errors.Is(err, nats.ErrSecureConnRequired):
		return "It wants TLS: set server.nats.ca, or begin server.nats.url with tls://"
	case strings.Contains(err.Error(), "x509:") && c.CA == "":
		return "Nobody whom this machine believes has signed its certificate: name who did in server.nats.ca"
	case strings.Contains(err.Error(), "x509:"):
		return "server.nats.ca did not sign its certificate, or that is for another name than server.nats.url has, or too old"
	case strings.Contains(err.Error(), "tls:"):
		return "It wants a certificate of us that it believes: name one in server.nats.certificate and key"
	case errors.Is(err, nats.ErrNoServers):
		return "Nobody answers there: is it running, and are host and port in server.nats.url those for clients?"
	case errors.Is(err, nats.ErrTimeout), strings.Contains(err.Error(), "EOF"), strings.Contains(err.Error(), "i/o timeout"):
		return "What answers there does not speak as a NATS server does: is the port in server.nats.url the one for clients?"
	case code == jetstream.JSErrCodeJetStreamNotEnabledForAccount:
		return "The account of this user has no JetStream: enable it for that account, or name a user of another one"
	case code == jetstream.JSErrCodeJetStreamNotEnabled, errors.Is(err, nats.ErrNoResponders):
		return "No server of it has JetStream: start them with a section jetstream"
	case code == replicasOnOne:
		return fmt.Sprintf("It is one server, and everything is to be kept on %d: set server.nats.replicas to 1, or name a cluster", replicas)
	case code == noPeers:
		return fmt.Sprintf("Everything is to be kept on %d servers: so many need JetStream and room on their disks, or server.nats.replicas is to be less", replicas)
	case api.Code == 503, errors.Is(err, context.DeadlineExceeded):
		return "More than half of its servers must be up and reach each other"
	case code == tooManyStreams, code == storageExceeded, code == memoryExceeded, code == resourcesExceeded:
		return "The limits of the account do not let us keep what there is: raise its streams (about twenty are needed), file and memory"
	}
	return ""
}
