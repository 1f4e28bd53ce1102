// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Put before each source (-include) of a program for POSIX: declares what wasi-libc leaves out and posix.c supplies.
// File locks are declared so that the code compiles; no call to fcntl here knows them, so they fail when asked for.
#ifndef COVE_GUEST_POSIX_H
#define COVE_GUEST_POSIX_H

#include <sys/types.h>

#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#define F_GETLK 5
#define F_SETLK 6
#define L_tmpnam 20

int system(const char *command);
char *tmpnam(char *name);
int fchmod(int fd, mode_t mode);
int chmod(const char *path, mode_t mode);
int fchown(int fd, uid_t owner, gid_t group);
uid_t geteuid(void);
pid_t getpid(void);

#endif
