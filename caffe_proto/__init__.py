"""What Caffe is made of: its schema and the facts of its layer types.

`caffe.proto` is the schema for people to read, `caffe.desc` its compiled form, and `caffe.json` the
look-up tables of that, which `stored` reads. `schema` makes such tables and, only on demand,
protobuf message classes in a descriptor pool of their own. `layers` tells how many bottoms and tops
each layer type takes, `fork_layers` those of forks.
`dialects` puts on the schema what each fork adds, changes and lacks, and `own` reads a schema that
a user brings. This room knows nothing of text, of nets or of rules.
"""

from caffe_proto.dialects import (
    AUTO,
    BVLC,
    DIALECTS,
    dialect_schema,
    dialect_title,
    dialects_repeating,
    dialects_with_field,
    dialects_with_type,
    dialects_with_value,
    fields_anywhere,
    fork_v1_types,
    kinds_of_field,
    layer_types,
    messages_of_forks_with,
    named_dialects,
    value_anywhere,
)
from caffe_proto.fork_layers import CHANGED_LAYERS, FORK_LAYERS
from caffe_proto.layers import LAYERS, V0_TYPES, V1_TYPES, LayerFacts
from caffe_proto.schema import (
    Default,
    EnumType,
    FieldType,
    Kind,
    Label,
    MessageType,
    Schema,
    SchemaError,
    base_file,
    base_schema,
    build_schema,
)

__all__ = [
    "AUTO",
    "BVLC",
    "CHANGED_LAYERS",
    "DIALECTS",
    "FORK_LAYERS",
    "LAYERS",
    "V0_TYPES",
    "V1_TYPES",
    "Default",
    "EnumType",
    "FieldType",
    "Kind",
    "Label",
    "LayerFacts",
    "MessageType",
    "Schema",
    "SchemaError",
    "base_file",
    "base_schema",
    "build_schema",
    "dialect_schema",
    "dialect_title",
    "dialects_repeating",
    "dialects_with_field",
    "dialects_with_type",
    "dialects_with_value",
    "fields_anywhere",
    "fork_v1_types",
    "kinds_of_field",
    "layer_types",
    "messages_of_forks_with",
    "named_dialects",
    "value_anywhere",
]
