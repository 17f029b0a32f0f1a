package main

import "github.com/crosswalk-go/crosswalk/connectors"

// systems are the systems that are built in.
var systems []connectors.System
