"""How the embedded judge is distilled from gradings, and measured: loaded only where it is trained (extra `train`)."""
