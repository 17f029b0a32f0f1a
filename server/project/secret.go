package project

import (
	"errors"
	"fmt"
)

// ErrLiteral is the error of a secret that stands in a file of the project.
var ErrLiteral = errors.New("a secret is never written here: put it into a variable and write ${NAME}")

// Secret is the value of a secret that the sections server and alerts name, which is a whole ${NAME} of the environment; "" is none. Its
// errors show no secret.
func (p *Project) Secret(reference string) (string, error) {
	if reference == "" {
		return "", nil
	}
	m := onlyVariable.FindStringSubmatch(reference)
	if m == nil {
		return "", ErrLiteral
	}
	value, ok := p.getenv(m[1])
	if !ok || value == "" {
		return "", fmt.Errorf("the variable %s is not set", m[1])
	}
	return value, nil
}

// Path is where a file that crosswalk.yaml names is: it counts from the project's folder. "" is none.
func (p *Project) Path(name string) string {
	if name == "" {
		return ""
	}
	return p.resolve(name)
}
