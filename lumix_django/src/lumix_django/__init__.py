"""The place of LumiX's row adapter for Django; this version brings none yet."""
