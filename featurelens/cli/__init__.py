"""The command ``featurelens``: one file a command. What needs torch or Redis is imported when it is asked for.

Results go to standard output, bars and hints to standard error. Exit status (`failures`): 0 done, 1 it did not work,
2 the command or what it names makes no sense, 3 nobody is there to do it, 130 stopped by Ctrl-C.
"""
