"""What all services share: contracts, the event log and its readers, event stores, admission, the HTTP kit."""
