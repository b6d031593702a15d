"""Programs: functions recorded as graphs of tensor operations, differentiated, cut and compiled. Knows no State."""
