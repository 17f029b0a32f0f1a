package flows

// Ended is closed when nothing is in hand any more, also of a service that was not given the time for it.
func (s *Service) Ended() <-chan struct{} { return s.ended }
