package main

import "github.com/crosswalk-go/crosswalk/connectors/all"

// systems are the systems that are built in.
var systems = all.Systems()
