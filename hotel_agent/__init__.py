"""Reference agent API: availability and reservations over the PMS QloApps, behind a circuit breaker."""
