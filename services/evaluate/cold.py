from services.evaluate.compare import *
