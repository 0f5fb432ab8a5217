"""What people get over REST, as types: handlers make them, `api.openapi` tells of them.

One vocabulary: `from api import answers`, wherever an answer is filed.
"""

from api.answers.app import *
from api.answers.attempts import *
from api.answers.calls import *
from api.answers.campaigns import *
from api.answers.promises import *
