// Without this property adbd listens on vsock, too, which no network namespace keeps from the
// machine's host; and we build one that asks for no key. Set before main: Linux has no service for
// properties. (Not "tcp:localhost:5555": this version of adb cannot listen on a name.)
#include <android-base/properties.h>

[[maybe_unused]] static const bool listens_on_tcp_only =
    android::base::SetProperty("service.adb.listen_addrs", "tcp:5555");
