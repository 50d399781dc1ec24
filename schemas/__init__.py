"""The contract: topics, events, codecs and the drug library. It imports nothing else of Pumpwatch."""
