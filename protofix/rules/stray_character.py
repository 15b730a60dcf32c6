"""A character that has no place outside a string or a comment.

Often a typographic quote or a no-break space out of a document, or a comment of another language.

Wrong:

    // the data
    name: “net”

Right:

    # the data
    name: "net"

The lines `<<<<<<<`, `=======` and `>>>>>>>` that git leaves where two versions of a text differ are
said whole. Choose one side; what is between them is read as if both were meant.
"""

from protofix.rulebook.checks import diagnosed

CODE = "PF004"
NAME = "stray-character"
SEVERITY = "error"
WANTS = "diagnoses"
check = diagnosed("character")
