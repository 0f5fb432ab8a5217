"""Everything that can be known to have happened to a call, in the past tense, and its log.

Life facts decide about the call; its orchestration folds them. They hold ids, enums and numbers
only (`lean` strips those that carry words), and are filed by who tells them: `carrier`, `relay`,
`requests`, `people`, `ourselves`. Facts of `talk` and `turn` say what was spoken and done; they
are only kept: for the transcript, and for a relay that must go on where another stopped. Facts of
`after` say what was made of a call that is over.

One vocabulary: `from core import facts as f`, wherever a fact is filed.
"""

from core.facts.after import *
from core.facts.carrier import *
from core.facts.log import *
from core.facts.ourselves import *
from core.facts.people import *
from core.facts.pump import *
from core.facts.relay import *
from core.facts.requests import *
from core.facts.talk import *
from core.facts.turn import *
