"""For people who write rules: is this a good book?"""
