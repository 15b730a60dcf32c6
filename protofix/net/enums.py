"""The values of enums that layers' fields take, in the order of their numbers, which begin at 0."""

POOL_METHODS = ("MAX", "AVE", "STOCHASTIC")
"""Of PoolingParameter and SPPParameter; MAX stands for none."""

ELTWISE_OPERATIONS = ("PROD", "SUM", "MAX")
"""Of EltwiseParameter; SUM stands for none."""

LRN_REGIONS = ("ACROSS_CHANNELS", "WITHIN_CHANNEL")
"""Of LRNParameter; ACROSS_CHANNELS stands for none."""

NORMALIZATIONS = ("FULL", "VALID", "BATCH_SIZE", "NONE")
"""Of LossParameter; VALID stands for none."""
