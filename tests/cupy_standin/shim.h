// Lets a C++ compiler take CUDA kernels, and a CPU run them: one thread at a time.
//
// A kernel is a plain function here; threadIdx and the rest are globals that tell it which thread
// it is. A thread that reaches __syncthreads() is put aside (it runs on a stack of its own) until
// all threads of its block have come as far. A block whose threads don't all come is an error,
// as it would hang a GPU. With `reversed`, threads and blocks run last to first: a kernel that
// forgets a barrier reads other numbers then.
#include <math.h>
#include <stdint.h>
#include <ucontext.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

using std::exp;
using std::fabs;
using std::floor;
using std::isfinite;
using std::isnan;
using std::log;
using std::log1p;
using std::rint;
using std::sqrt;
using std::tanh;

#define __global__
#define __device__
#define __shared__ static

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};
static dim3 threadIdx, blockIdx, blockDim, gridDim;

static inline void __syncthreads();
static inline uint64_t __umul64hi(uint64_t a, uint64_t b) {
    return uint64_t((unsigned __int128)a * b >> 64);
}

template <typename T>
T atomicAdd(T* to, T what) {  // one thread runs at a time
    const T before = *to;
    *to = before + what;
    return before;
}

namespace shim {

struct Fiber {
    ucontext_t context;
    std::vector<char> stack = std::vector<char>(1 << 16);
    dim3 thread;
    bool waits = false;
};

static ucontext_t scheduler;
static Fiber* running;
static unsigned next_thread, threads;
static bool reversed;
static const std::function<void()>* body;
static std::vector<std::unique_ptr<Fiber>> pool;

static dim3 place(unsigned number, dim3 size) {
    return {number % size.x, number / size.x % size.y, number / size.x / size.y};
}

// Runs threads one after another, until one waits: the next fiber takes over from there.
static void run_threads() {
    while (next_thread < threads) {
        const unsigned number = next_thread++;
        threadIdx = place(reversed ? threads - 1 - number : number, blockDim);
        (*body)();
    }
    running->waits = false;
    swapcontext(&running->context, &scheduler);
}

static void resume(Fiber* fiber) {
    running = fiber;
    threadIdx = fiber->thread;
    swapcontext(&scheduler, &fiber->context);
}

static const char* run_block() {
    threads = blockDim.x * blockDim.y * blockDim.z;
    next_thread = 0;
    unsigned used = 0;
    while (next_thread < threads) {
        if (used == pool.size()) pool.emplace_back(new Fiber);
        Fiber* fiber = pool[used++].get();
        getcontext(&fiber->context);
        fiber->context.uc_stack.ss_sp = fiber->stack.data();
        fiber->context.uc_stack.ss_size = fiber->stack.size();
        fiber->context.uc_link = nullptr;
        makecontext(&fiber->context, run_threads, 0);
        resume(fiber);
    }
    // Now each fiber but perhaps the last holds one thread that waits.
    unsigned waiting = 0;
    for (unsigned f = 0; f < used; ++f) waiting += pool[f]->waits;
    if (waiting == 0) return nullptr;
    if (waiting != threads) return "some threads of a block ended while others wait at a barrier";
    while (waiting) {
        for (unsigned f = 0; f < used; ++f) resume(pool[f].get());
        waiting = 0;
        for (unsigned f = 0; f < used; ++f) waiting += pool[f]->waits;
        if (waiting && waiting != threads)
            return "some threads of a block ended while others wait at a barrier";
    }
    return nullptr;
}

static void barrier() {
    running->thread = threadIdx;
    running->waits = true;
    swapcontext(&running->context, &scheduler);
}

// ---- kernels by name, with what they take ---------------------------------------------------

template <typename T>
std::string code_of() {  // in NumPy's words
    if constexpr (std::is_pointer_v<T>)
        return "*" + code_of<std::remove_const_t<std::remove_pointer_t<T>>>();
    else if constexpr (std::is_same_v<T, bool>)
        return "b1";
    else if constexpr (std::is_class_v<T>)
        return "s" + std::to_string(sizeof(T));
    else if constexpr (std::is_floating_point_v<T>)
        return "f" + std::to_string(sizeof(T));
    else
        return (std::is_signed_v<T> ? "i" : "u") + std::to_string(sizeof(T));
}

struct Kernel {
    std::string takes;
    std::function<void(void**)> call;
};

template <typename... P, size_t... I>
Kernel kernel(void (*function)(P...), std::index_sequence<I...>) {
    Kernel made;
    ((made.takes += (made.takes.empty() ? "" : " ") + code_of<P>()), ...);
    made.call = [function](void** args) { function(*static_cast<P*>(args[I])...); };
    return made;
}

template <typename... P>
Kernel kernel(void (*function)(P...)) {
    return kernel(function, std::index_sequence_for<P...>());
}

static std::map<std::string, Kernel> kernels();

static const Kernel* find(const char* name) {
    static const std::map<std::string, Kernel> all = kernels();
    const auto found = all.find(name);
    return found == all.end() ? nullptr : &found->second;
}

}  // namespace shim

static inline void __syncthreads() { shim::barrier(); }

extern "C" const char* takes(const char* name) {
    const shim::Kernel* kernel = shim::find(name);
    return kernel ? kernel->takes.c_str() : nullptr;
}

extern "C" const char* launch(const char* name, const unsigned* grid, const unsigned* block,
                              void** args, int reversed) {
    const shim::Kernel* kernel = shim::find(name);
    const std::function<void()> body = [&] { kernel->call(args); };
    shim::body = &body;
    shim::reversed = reversed;
    gridDim = {grid[0], grid[1], grid[2]};
    blockDim = {block[0], block[1], block[2]};
    const unsigned blocks = grid[0] * grid[1] * grid[2];
    for (unsigned b = 0; b < blocks; ++b) {
        blockIdx = shim::place(reversed ? blocks - 1 - b : b, gridDim);
        if (const char* problem = shim::run_block()) return problem;
    }
    return nullptr;
}
