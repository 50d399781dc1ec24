from services.evaluate.compare import *
from services.evaluate.compare import _made
