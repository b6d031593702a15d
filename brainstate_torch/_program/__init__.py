"""Programs: functions recorded as torch.fx graphs, differentiated, cut and compiled. Nothing here knows a State."""
