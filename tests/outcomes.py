"""A run's result as a worker gives it, for tests of what becomes of it."""

RESULT = {
    "test_error": 0.25,
    "test_log_likelihood": -1.0,
    "test_count": 30,
    "best_update": 40,
    "best_validation_error": 0.25,
    "best_test_error": 0.25,
    "parameters": 9,
    "seconds": 1.0,
}
