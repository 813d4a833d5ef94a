from hypothesis import settings

# A busy machine is slow now and then; what is bounded in time has a test of its own.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")
