package server

import (
	"errors"
	"fmt"

	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime"
)

// Cluster is the NATS cluster of the section server, its secrets looked up and its files found; nil where everything is in the data folder.
func (c Config) Cluster(p *project.Project) (*runtime.Cluster, error) {
	if c.NATS == nil {
		return nil, nil
	}
	out := *c.NATS
	var errs []error
	for _, secret := range []struct {
		name  string
		value *string
	}{{"password", &out.Password}, {"token", &out.Token}} {
		value, err := p.Secret(*secret.value)
		if err != nil {
			errs = append(errs, fmt.Errorf("server.nats.%s: %w", secret.name, err))
		}
		*secret.value = value
	}
	for _, file := range []*string{&out.Credentials, &out.CA, &out.Certificate, &out.Key} {
		*file = p.Path(*file)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &out, out.Check()
}
