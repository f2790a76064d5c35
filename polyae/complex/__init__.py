"""complex"""
