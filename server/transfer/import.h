/* The command `interleave import`: runs of files into a database, somebody's files among them. */
#ifndef TRANSFER_IMPORT_H
#define TRANSFER_IMPORT_H

/* argv starts after the command's name. Returns the exit code. */
int import_command(int argc, char **argv);

#endif
