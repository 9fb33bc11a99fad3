"""The fixtures as context managers, the class of tests, and what the pytest plugin does.

    from video_mockserver import video_server

    with video_server("download/truncated") as fake:
        run_my_client(fake.base_url, fake.api_key)

They are cheap: one server in a thread serves every `video_server` of the process, each with ports of its own.
"""
